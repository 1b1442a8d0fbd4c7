package oriel.broker.image;

import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Right;
import oriel.broker.image.Images.ImageView;
import oriel.broker.image.Images.Registration;
import oriel.broker.problem.Check;
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
    private static final String VERSION = "/api/v1/images/{imageName}/versions/{version}";

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
                        request -> image(images.get(request.path("imageName")))),
                new Route("POST", "/api/v1/images/{imageName}/build", write, this::build),
                new Route("POST", "/api/v1/images/{imageName}/import", write, this::load),
                new Route("GET", VERSION + "/log", read, this::log),
                new Route("POST", VERSION + "/publish", write, this::publish),
                new Route("DELETE", VERSION, write, this::delete),
                new Route("POST", VERSION + "/deprecate", write, this::deprecate));
    }

    private static Response image(ImageView image) {
        return Response.ok(image).with("ETag", image.etag());
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

    record Publication(@Nullable String changelog) {
        Publication {
            if (changelog != null) {
                Check.text("changelog", changelog, 4000);
            }
        }
    }

    private static int version(Request request) {
        String version = request.path("version");
        try {
            return Integer.parseInt(version);
        } catch (NumberFormatException e) {
            throw RefusedException.notFound("version \"" + version + "\"");
        }
    }

    private Response build(Request request) {
        Images.Build build = request.hasBody() ? request.body(Images.Build.class) : new Images.Build(null, null);
        return Response.accepted(images.build(request.path("imageName"), build, request.caller()));
    }

    private Response load(Request request) {
        return Response.accepted(
                images.load(request.path("imageName"), request.body(Images.Source.class), request.caller()));
    }

    private Response log(Request request) {
        return Response.ok(new Response.Text(
                "text/plain; charset=utf-8", images.log(request.path("imageName"), version(request))));
    }

    private Response publish(Request request) {
        String changelog = request.hasBody() ? request.body(Publication.class).changelog() : null;
        return image(images.publish(
                request.path("imageName"), version(request), changelog, request.ifMatch(), request.caller()));
    }

    private Response delete(Request request) {
        return image(images.delete(request.path("imageName"), version(request), request.ifMatch(), request.caller()));
    }

    private Response deprecate(Request request) {
        return image(
                images.deprecate(request.path("imageName"), version(request), request.ifMatch(), request.caller()));
    }
}
