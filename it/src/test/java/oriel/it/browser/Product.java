package oriel.it.browser;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oriel.it.process.OrielProcess;

/**
 * The real product in a process of its own, as {@code ./oriel up} runs it: every test sees what a user sees, and can kill
 * it.
 */
final class Product implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile("Oriel is ready: (http://\\S+?)/?");
    private static final Pattern PASSWORD = Pattern.compile("\\s+(\\S+)\\s+password\\s+(\\S+).*");

    /** The first start builds the golden image. */
    private static final Duration START_LIMIT = Duration.ofMinutes(20);

    private final Process process;
    private final Path data;
    private final CompletableFuture<String> address = new CompletableFuture<>();
    private final Map<String, String> passwords = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> quiet = new CompletableFuture<>();

    private Product(Process process, Path data) {
        this.process = process;
        this.data = data;
    }

    /** Starts it and waits until it serves. */
    static Product start(Path data, Path images, String... options)
            throws IOException, InterruptedException, TimeoutException {
        List<String> all =
                new ArrayList<>(List.of("--data-dir", data.toString(), "--images", images.toString(), "--port", "0"));
        all.addAll(List.of(options));
        return startWith(data, all);
    }

    /** Starts it with these options alone, and waits until it serves and has printed the first passwords. */
    static Product startWith(Path data, List<String> options)
            throws IOException, InterruptedException, TimeoutException {
        Product product = startAgain(data, options);
        try {
            // The passwords follow the address at once.
            product.quiet.get(10, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } catch (TimeoutException e) {
            product.close();
            throw e;
        }
        return product;
    }

    /** Starts it over data that it knows: it prints no passwords then. */
    static Product startAgain(Path data, List<String> options)
            throws IOException, InterruptedException, TimeoutException {
        List<String> command = new ArrayList<>(List.of("up"));
        command.addAll(options);
        Process process = OrielProcess.of(command).redirectErrorStream(true).start();
        Product product = new Product(process, data);
        Thread.ofVirtual().start(product::read);
        try {
            product.address.get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } catch (TimeoutException e) {
            product.close();
            throw e;
        }
        return product;
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            boolean announced = false;
            int blank = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.out.println("[oriel] " + line.replaceAll("(password\\s+)\\S+", "$1…"));
                Matcher found = ADDRESS.matcher(line);
                Matcher password = PASSWORD.matcher(line);
                if (found.matches()) {
                    announced = true;
                    address.complete(found.group(1));
                } else if (password.matches()) {
                    passwords.put(password.group(1), password.group(2));
                } else if (announced && line.isBlank() && ++blank >= (passwords.isEmpty() ? 2 : 1)) {
                    quiet.complete(null);
                }
            }
        } catch (IOException e) {
            System.out.println("[oriel] output ended: " + e.getMessage());
        }
        address.completeExceptionally(new IOException("the product ended before it served"));
        quiet.complete(null);
    }

    String address() {
        return address.join();
    }

    /** The generated password of a first user. */
    String password(String user) {
        String password = passwords.get(user);
        if (password == null) {
            throw new AssertionError("no password was printed for " + user + ", only for " + passwords.keySet());
        }
        return password;
    }

    Path machines() {
        return data.resolve("machines");
    }

    /** Kills it as a power failure would. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
