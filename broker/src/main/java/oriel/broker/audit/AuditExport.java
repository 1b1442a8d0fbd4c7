package oriel.broker.audit;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import oriel.broker.audit.AuditRecord.Outcome;
import tools.jackson.databind.json.JsonMapper;

/** Writes audit records, oldest first, for other systems. */
enum AuditExport {
    /** A JSON object a line. */
    JSONL("application/jsonl") {
        @Override
        String line(AuditRecord record) {
            return JSON.writeValueAsString(record);
        }
    },
    /** A syslog message a line (RFC 5424), facility "log audit". */
    SYSLOG("text/plain; charset=utf-8") {
        @Override
        String line(AuditRecord record) {
            AuditEntry entry = record.entry();
            int severity = entry.outcome() == Outcome.OK ? 6 : 4;
            // 32473 is the number for examples (RFC 5612): nobody else's data is meant by it.
            return "<" + (LOG_AUDIT * 8 + severity) + ">1 " + record.time() + " - oriel - audit [audit@32473"
                    + parameter("sequence", Long.toString(record.sequence()))
                    + parameter("actor", entry.actor())
                    + parameter("action", entry.action())
                    + parameter("target", entry.target())
                    + parameter("subject", entry.subject())
                    + parameter("outcome", entry.outcome().name())
                    + parameter("address", entry.address())
                    + parameter("hash", record.hash())
                    + "] " + entry.detail().replaceAll("\\p{Cntrl}", " ");
        }
    };

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int LOG_AUDIT = 13;
    private static final int PAGE = 1000;

    private final String contentType;

    AuditExport(String contentType) {
        this.contentType = contentType;
    }

    String contentType() {
        return contentType;
    }

    abstract String line(AuditRecord record);

    /** RFC 5424 §6.3.3: quotes, backslashes and brackets are escaped; line ends would begin another message. */
    private static String parameter(String name, String value) {
        return " " + name + "=\"" + value.replaceAll("\\p{Cntrl}", " ").replaceAll("([\"\\\\\\]])", "\\\\$1") + "\"";
    }

    /** Writes what a filter lets through. */
    void write(AuditTrail trail, AuditTrail.Filter filter, OutputStream out) throws IOException {
        long after = 0;
        while (true) {
            List<AuditRecord> page = trail.after(filter, after, PAGE);
            for (AuditRecord record : page) {
                out.write((line(record) + "\n").getBytes(StandardCharsets.UTF_8));
            }
            if (page.size() < PAGE) {
                out.flush();
                return;
            }
            after = page.getLast().sequence();
        }
    }
}
