package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Many people behind one address, as in an office. */
class LogonStormTest {
    @Test
    void peopleWithTheRightPasswordDoNotLockEachOtherOut() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 80; i++) {
                f.user("user" + i);
            }
            var address = f.listen();
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 80; i++) {
                String user = "user" + i;
                answers.add(threads.submit(() -> new Http(address)
                        .post("/api/v1/login", Map.of("username", user, "password", Fixture.PASSWORD))));
            }
            for (Future<HttpResponse<String>> answer : answers) {
                assertThat(answer.get().statusCode()).as(answer.get().body()).isEqualTo(200);
            }
        }
    }
}
