package oriel.broker.web;

import java.util.List;

/** Part of the API. */
@FunctionalInterface
public interface Resource {
    /** Its routes. */
    List<Route> routes();
}
