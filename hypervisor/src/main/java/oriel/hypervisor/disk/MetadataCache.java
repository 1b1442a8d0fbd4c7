package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;

/**
 * A bounded write-back cache of metadata clusters. Only clean tables are evicted; who makes tables dirty writes them
 * back when the cache is {@link #crowded}. Loading is thread-safe; dirtying needs the image's write lock.
 */
final class MetadataCache {
    private static final int BYTES = 4 << 20;
    private static final int MIN_TABLES = 4, MAX_TABLES = 256;

    private final ImageChannel file;
    private final int tableSize;
    private final int capacity;
    private final LinkedHashMap<Long, MetadataTable> tables = new LinkedHashMap<>(16, 0.75f, true);

    MetadataCache(ImageChannel file, int tableSize) {
        this.file = file;
        this.tableSize = tableSize;
        this.capacity = Math.clamp(BYTES / tableSize, MIN_TABLES, MAX_TABLES);
    }

    synchronized MetadataTable get(long offset) throws IOException {
        MetadataTable table = tables.get(offset);
        if (table == null) {
            ByteBuffer data = ByteBuffer.allocate(tableSize);
            file.read(data, offset);
            table = new MetadataTable(offset, data);
            add(table);
        }
        return table;
    }

    /** A table that only memory has so far, all of it dirty. */
    synchronized MetadataTable create(long offset, ByteBuffer data) {
        MetadataTable table = new MetadataTable(offset, data);
        table.markDirty(0, tableSize);
        tables.remove(offset);
        add(table);
        return table;
    }

    private void add(MetadataTable table) {
        Iterator<MetadataTable> eldest = tables.values().iterator();
        while (tables.size() >= capacity && eldest.hasNext()) {
            if (!eldest.next().dirty()) {
                eldest.remove();
            }
        }
        tables.put(table.offset, table);
    }

    synchronized boolean crowded() {
        return tables.values().stream().filter(MetadataTable::dirty).count() > capacity / 2;
    }

    synchronized boolean dirty() {
        return tables.values().stream().anyMatch(MetadataTable::dirty);
    }

    /** Forgets a table whose cluster is given back. */
    synchronized void drop(long offset) {
        tables.remove(offset);
    }

    synchronized void writeBack() throws IOException {
        for (MetadataTable table : tables.values()) {
            if (table.dirty()) {
                file.write(table.dirtyPart(), table.offset + table.dirtyFrom());
                table.markClean();
            }
        }
    }
}
