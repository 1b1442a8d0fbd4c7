package oriel.it.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oriel.it.guest.HostCommand;

/** The same desktop in QEMU: booted, saved by a migration to a file, and started again from that. */
final class QemuClones {
    private static final int RUNS = 5;
    private static final double BOOT_SECONDS = 600;
    private static final double LOAD_SECONDS = 60;

    private QemuClones() {}

    static void run(Path image, String commandLine, int memoryMib) throws Exception {
        Path folder = Files.createTempDirectory("oriel-qemu-clones");
        try {
            HostCommand.run(
                    folder,
                    List.of(
                            "qemu-img",
                            "create",
                            "-q",
                            "-f",
                            "qcow2",
                            "-F",
                            "qcow2",
                            "-b",
                            image.resolve("disk.qcow2").toString(),
                            "disk.qcow2"));
            save(folder, image, commandLine, memoryMib);
            List<Double> starts = new ArrayList<>();
            double memory = 0;
            for (int i = 0; i < RUNS; i++) {
                Path overlay = folder.resolve("clone" + i + ".qcow2");
                long begin = System.nanoTime();
                HostCommand.run(
                        folder,
                        List.of(
                                "qemu-img",
                                "create",
                                "-q",
                                "-f",
                                "qcow2",
                                "-F",
                                "qcow2",
                                "-b",
                                "disk.qcow2",
                                overlay.toString()));
                List<String> command = command(folder, image, commandLine, memoryMib, overlay);
                command.addAll(List.of("-incoming", "exec:cat " + folder.resolve("state")));
                Process process = start(command, folder);
                try (Monitor monitor = new Monitor(folder.resolve("qmp"))) {
                    while (monitor.ask("{\"execute\":\"query-status\"}").contains("\"inmigrate\"")) {
                        if (CloneBenchmark.seconds(begin) > LOAD_SECONDS || !process.isAlive()) {
                            throw new IOException(
                                    "QEMU did not go on: " + Files.readString(folder.resolve("messages")));
                        }
                        TimeUnit.MILLISECONDS.sleep(1);
                    }
                    monitor.ask("{\"execute\":\"cont\"}"); // it was stopped when it was saved, and is so again
                    Path picture = folder.resolve("picture.ppm");
                    monitor.ask("{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"" + picture + "\"}}");
                    starts.add((System.nanoTime() - begin) / 1e6);
                    TimeUnit.SECONDS.sleep(3);
                    memory += CloneBenchmark.privateMib(process.pid());
                } finally {
                    process.destroyForcibly().waitFor();
                    Files.deleteIfExists(folder.resolve("qmp"));
                }
            }
            CloneBenchmark.load();
            CloneBenchmark.times("QEMU -incoming to first frame", starts);
            CloneBenchmark.line("QEMU private memory of an idle machine", memory / RUNS, "MiB");
        } finally {
            HostCommand.run(folder, List.of("rm", "-rf", folder.toString()));
        }
    }

    private static void save(Path folder, Path image, String commandLine, int memoryMib) throws Exception {
        long begin = System.nanoTime();
        Process process = start(command(folder, image, commandLine, memoryMib, folder.resolve("disk.qcow2")), folder);
        try (Monitor monitor = new Monitor(folder.resolve("qmp"))) {
            Path serial = folder.resolve("serial");
            while (!Files.exists(serial) || !Files.readString(serial).contains("oriel: desktop ready")) {
                if (CloneBenchmark.seconds(begin) > BOOT_SECONDS || !process.isAlive()) {
                    throw new IOException("QEMU's guest did not get ready");
                }
                TimeUnit.MILLISECONDS.sleep(200);
            }
            CloneBenchmark.line("QEMU: boot", CloneBenchmark.seconds(begin), "s");
            TimeUnit.SECONDS.sleep(3);
            monitor.ask("{\"execute\":\"stop\"}");
            monitor.ask(
                    "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"exec:cat > " + folder.resolve("state") + "\"}}");
            while (!monitor.ask("{\"execute\":\"query-migrate\"}").contains("\"completed\"")) {
                TimeUnit.MILLISECONDS.sleep(50);
            }
        } finally {
            process.destroyForcibly().waitFor();
            Files.deleteIfExists(folder.resolve("qmp"));
        }
    }

    private static Process start(List<String> command, Path folder) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("messages").toFile())
                .start();
    }

    private static List<String> command(Path folder, Path image, String commandLine, int memoryMib, Path disk) {
        return new ArrayList<>(List.of(
                QemuRun.PROGRAM,
                "-accel",
                "tcg",
                "-m",
                memoryMib + "M",
                "-nodefaults",
                "-display",
                "none",
                "-vga",
                "std",
                "-device",
                "virtio-tablet-pci",
                "-device",
                "virtio-rng-pci",
                "-drive",
                "if=virtio,format=qcow2,file=" + disk,
                "-serial",
                "file:" + folder.resolve("serial"),
                "-qmp",
                "unix:" + folder.resolve("qmp") + ",server=on,wait=off",
                "-kernel",
                image.resolve("vmlinuz").toString(),
                "-initrd",
                image.resolve("initrd.img").toString(),
                "-append",
                commandLine + " vga=0x343"));
    }

    /** A QMP connection. */
    private static final class Monitor implements AutoCloseable {
        private final SocketChannel channel;
        private final BufferedReader in;
        private final BufferedWriter out;

        Monitor(Path socket) throws IOException, InterruptedException {
            channel = connect(socket);
            in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
            out = new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
            in.readLine();
            ask("{\"execute\":\"qmp_capabilities\"}");
        }

        private static SocketChannel connect(Path socket) throws IOException, InterruptedException {
            for (int attempt = 0; ; attempt++) {
                try {
                    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
                } catch (IOException e) {
                    if (attempt == 5000) {
                        throw e;
                    }
                    TimeUnit.MILLISECONDS.sleep(2);
                }
            }
        }

        /** The answer to a command; events in between are passed by. */
        String ask(String command) throws IOException {
            out.write(command + "\n");
            out.flush();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.contains("\"return\"") || line.contains("\"error\"")) {
                    return line;
                }
            }
            throw new IOException("QEMU has ended");
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
