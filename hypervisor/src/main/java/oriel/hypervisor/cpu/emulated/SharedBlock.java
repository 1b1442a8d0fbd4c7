package oriel.hypervisor.cpu.emulated;

import org.jspecify.annotations.Nullable;

/** Where {@link SharedCode} puts what it finds. */
final class SharedBlock {
    /** The operations. */
    final BlockBuilder operations = new BlockBuilder();

    /** Bytes of the guest that they were made of. */
    int length;

    /** The block's translation, if any machine has translated it. */
    @Nullable
    TranslatedBlock translation;
}
