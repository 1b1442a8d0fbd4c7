package oriel.hypervisor.network;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Names of a segment's machines (RFC 1035): {@code NAME} and {@code NAME.DOMAIN}. It knows no other name: who has a
 * way out is asked there.
 */
final class DnsServer {
    private static final int HEADER = 12;
    private static final int MAX_NAME = 255;
    private static final int TYPE_A = 1;
    private static final int CLASS_IN = 1;
    private static final int RESPONSE = 0x8400; // authoritative
    private static final int RECURSION_DESIRED = 0x0100;
    private static final int OPCODE = 0x7800;
    private static final int NO_SUCH_NAME = 3;
    private static final int NOT_IMPLEMENTED = 4;
    private static final int TIME_TO_LIVE = 60;
    private static final int NAME_OF_QUESTION = 0xC000 | HEADER; // compression: see there

    private final String domain;
    private final Function<String, Optional<Ipv4Address>> machines;

    DnsServer(String domain, Function<String, Optional<Ipv4Address>> machines) {
        this.domain = "." + domain.toLowerCase(Locale.ROOT);
        this.machines = machines;
    }

    /**
     * A query.
     *
     * @param name that is asked for
     * @param end of its only question in the message
     */
    private record Question(String name, int end) {
        static Optional<Question> of(byte[] query) {
            if (query.length < HEADER || (query[2] & 0x80) != 0 || BigEndian.get16(query, 4) != 1) {
                return Optional.empty();
            }
            int end = HEADER;
            StringBuilder name = new StringBuilder();
            while (end < query.length && query[end] != 0) {
                int length = query[end] & 0xFF;
                if (length > 63 || end + 1 + length >= query.length || name.length() + length > MAX_NAME) {
                    return Optional.empty(); // too long, cut, or compressed, which a question has no use for
                }
                name.append(name.isEmpty() ? "" : ".").append(new String(query, end + 1, length, US_ASCII));
                end += 1 + length;
            }
            end += 5; // the root, type and class
            return end > query.length ? Optional.empty() : Optional.of(new Question(name.toString(), end));
        }
    }

    /** Whether it is a query for a name that isn't the segment's: neither a machine's nor in its domain. */
    boolean foreign(byte[] query) {
        return Question.of(query)
                .map(Question::name)
                .filter(name -> !inDomain(name) && machines.apply(name).isEmpty())
                .isPresent();
    }

    /** The answer to a query; empty if it is none. */
    Optional<byte[]> answer(byte[] query) {
        return Question.of(query).map(question -> answer(query, question));
    }

    private byte[] answer(byte[] query, Question question) {
        int end = question.end();
        if ((BigEndian.get16(query, 2) & OPCODE) != 0) {
            return response(query, end, NOT_IMPLEMENTED, Optional.empty());
        }
        Optional<Ipv4Address> machine = machines.apply(withoutDomain(question.name()));
        boolean address = BigEndian.get16(query, end - 4) == TYPE_A && BigEndian.get16(query, end - 2) == CLASS_IN;
        int status = machine.isPresent() ? 0 : NO_SUCH_NAME;
        return response(query, end, status, machine.filter(_ -> address));
    }

    private boolean inDomain(String name) {
        return ("." + name.toLowerCase(Locale.ROOT)).endsWith(domain);
    }

    private String withoutDomain(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(domain) ? lower.substring(0, lower.length() - domain.length()) : lower;
    }

    private static byte[] response(byte[] query, int end, int status, Optional<Ipv4Address> address) {
        ByteBuffer response = ByteBuffer.allocate(end + 16);
        response.put(query, 0, 2);
        response.putShort((short) (RESPONSE | BigEndian.get16(query, 2) & RECURSION_DESIRED | status));
        response.putShort((short) 1)
                .putShort((short) (address.isPresent() ? 1 : 0))
                .putInt(0);
        response.put(query, HEADER, end - HEADER);
        address.ifPresent(value -> response.putShort((short) NAME_OF_QUESTION)
                .putShort((short) TYPE_A)
                .putShort((short) CLASS_IN)
                .putInt(TIME_TO_LIVE)
                .putShort((short) 4)
                .putInt(value.value()));
        byte[] bytes = new byte[response.position()];
        response.get(0, bytes);
        return bytes;
    }
}
