package oriel.broker.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.stream.Collectors;
import oriel.broker.problem.RefusedException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.json.JsonMapper;

/** JSON of the API: strict in what it takes, and absent instead of null in what it gives. */
public final class Json {
    private static final int DEEPEST = 32;

    private final JsonMapper mapper = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .changeDefaultPropertyInclusion(value -> value.withValueInclusion(JsonInclude.Include.NON_NULL))
            .build();

    /** Writes. */
    public byte[] write(Object value) {
        return mapper.writeValueAsBytes(value);
    }

    /** Writes as text. */
    public String text(Object value) {
        return mapper.writeValueAsString(value);
    }

    /**
     * Reads a request's body.
     *
     * @throws RefusedException if it is no JSON, or not of this type; names the field
     */
    public <T> T read(byte[] json, Class<T> type) {
        T value;
        try {
            value = mapper.readValue(json, type);
        } catch (StreamReadException e) {
            throw RefusedException.field(
                    "body", "is not valid JSON (line " + e.getLocation().getLineNr() + ")");
        } catch (UnrecognizedPropertyException e) {
            throw RefusedException.field(path(e), "is not known");
        } catch (DatabindException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof RefusedException refused) {
                    throw refused;
                }
            }
            throw RefusedException.field(path(e), "has the wrong type or an unknown value");
        } catch (JacksonException e) {
            throw RefusedException.field("body", "is not valid JSON");
        }
        if (value == null) {
            throw RefusedException.field("body", "must be an object");
        }
        return value;
    }

    private static String path(DatabindException e) {
        String path = e.getPath().stream()
                .map(reference -> reference.getPropertyName() == null
                        ? "[" + reference.getIndex() + "]"
                        : reference.getPropertyName())
                .collect(Collectors.joining("."));
        return path.isEmpty() ? "body" : path;
    }
}
