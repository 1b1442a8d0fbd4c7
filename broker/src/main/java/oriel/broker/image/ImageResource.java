package oriel.broker.image;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.image.Images.ImageView;
import oriel.broker.image.Images.Registration;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Golden images. */
public final class ImageResource implements Resource {
    private final Images images;
    private final Roles roles;

    /** Over the services. */
    public ImageResource(Images images, Roles roles) {
        this.images = images;
        this.roles = roles;
    }

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.IMAGE_READ, roles.atImageOfPools());
        Access write = new Access.Needs(Right.IMAGE_WRITE, Roles.atImage());
        return List.of(
                new Route(
                        "GET",
                        "/api/v1/images",
                        new Access.Needs(Right.IMAGE_READ, new Access.Where.Anywhere()),
                        this::list),
                new Route("POST", "/api/v1/images", new Access.Needs(Right.IMAGE_WRITE), this::register),
                new Route(
                        "GET",
                        "/api/v1/images/{imageName}",
                        read,
                        request -> Response.ok(images.get(request.path("imageName")))),
                new Route("POST", "/api/v1/images/{imageName}/versions/{version}/deprecate", write, this::deprecate));
    }

    private Response list(Request request) {
        int limit = request.limit();
        return Response.ok(Page.of(
                images.list(request.caller().reach(Right.IMAGE_READ), request.after(), limit + 1),
                limit,
                ImageView::name));
    }

    private Response register(Request request) {
        return Response.created(images.register(
                request.body(Registration.class), request.caller().username(), request.address()));
    }

    private Response deprecate(Request request) {
        String version = request.path("version");
        int number;
        try {
            number = Integer.parseInt(version);
        } catch (NumberFormatException e) {
            throw RefusedException.notFound("version \"" + version + "\"");
        }
        return Response.ok(images.deprecate(
                request.path("imageName"), number, request.caller().username(), request.address()));
    }
}
