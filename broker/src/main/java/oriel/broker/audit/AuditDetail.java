package oriel.broker.audit;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What was asked for, as people read it in the audit trail: "size=5, warm=1". */
public final class AuditDetail {
    private AuditDetail() {}

    /** The components of a request that were given, in order. */
    public static String of(Record request) {
        return Arrays.stream(request.getClass().getRecordComponents())
                .map(component -> given(component, request))
                .filter(Objects::nonNull)
                .collect(Collectors.joining(", "));
    }

    private static @Nullable String given(RecordComponent component, Record request) {
        try {
            Object value = component.getAccessor().invoke(request);
            return value == null ? null : component.getName() + "=" + value;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a component of " + request.getClass() + " can't be read", e);
        }
    }
}
