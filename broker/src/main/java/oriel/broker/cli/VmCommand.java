package oriel.broker.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import oriel.displayd.gateway.RfbTcpServer;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.ViewerListener;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.cpu.emulated.CpuModel;
import oriel.hypervisor.cpu.emulated.TranslationStatistics;
import oriel.hypervisor.cpu.emulated.TranslatorMemory;
import oriel.hypervisor.device.display.Screenshot;
import oriel.hypervisor.device.serial.ByteSink;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.BiosImage;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.FirmwareException;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.firmware.MultibootKernel;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Equipment;
import oriel.hypervisor.machine.InputTape;
import oriel.hypervisor.machine.InstructionTime;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.hypervisor.machine.MachineEnd;
import oriel.hypervisor.machine.MachineListener;
import oriel.hypervisor.machine.MachineStatistics;
import oriel.hypervisor.machine.SavedMachine;
import oriel.hypervisor.monitor.MonitorCommands;
import oriel.hypervisor.monitor.MonitorServer;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.NetworkException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code oriel vm}: one machine by itself, without broker or database. */
@Command(
        name = "vm",
        mixinStandardHelpOptions = true,
        description = "Runs one machine by itself. Ends when the guest switches itself off.",
        exitCodeOnExecutionException = 1)
public final class VmCommand implements Callable<Integer> {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,5})x([0-9]{1,5})");
    private static final int EXIT_FAILED = 1;
    private static final int EXIT_TIMEOUT = 124;

    @Option(
            names = "--kernel",
            paramLabel = "FILE",
            description = "Linux (bzImage or ELF) or Multiboot kernel to start without firmware.")
    private @Nullable Path kernel;

    @Option(names = "--initrd", paramLabel = "FILE", description = "Initial RAM disk.")
    private @Nullable Path initrd;

    @Option(names = "--append", paramLabel = "TEXT", description = "Kernel command line.")
    private String append = "";

    @Option(
            names = "--firmware",
            paramLabel = "seabios[:FOLDER]",
            description =
                    "Start SeaBIOS, from its Debian package or a folder with its images: it boots a disk or CD by itself.")
    private @Nullable String firmware;

    @Option(
            names = "--cdrom",
            paramLabel = "ISO|none",
            description = "A CD drive with this disc in it, or without one.")
    private @Nullable String cdrom;

    @Option(
            names = "--boot",
            split = ",",
            paramLabel = "disk|cdrom",
            description =
                    "What the firmware tries to boot, in this order (default: disk,cdrom; or cdrom,disk with a disc).")
    private List<String> bootOrder = new ArrayList<>();

    @Option(
            names = "--boot-menu",
            description = "Have the firmware wait for Escape and offer a menu of what it can boot.")
    private boolean bootMenu;

    @Option(
            names = "--disk",
            paramLabel = "FILE[,format=raw|qcow2]",
            description = "A disk, seen by the guest as /dev/vda, /dev/vdb, … May be repeated.")
    private List<String> disks = new ArrayList<>();

    @Option(
            names = "--ide-disk",
            paramLabel = "FILE[,format=raw|qcow2]",
            description = "A disk on IDE, slower, for systems without virtio drivers.")
    private @Nullable String ideDisk;

    @Option(names = "--memory", paramLabel = "MIB", description = "RAM (default: ${DEFAULT-VALUE}).")
    private int memory = 512;

    @Option(names = "--cpus", paramLabel = "N", description = "Virtual processors (default: ${DEFAULT-VALUE}).")
    private int cpus = 1;

    @Option(
            names = "--gpu",
            paramLabel = "vga|virtio",
            description = "The graphics adapter (default: ${DEFAULT-VALUE}). virtio needs a driver in the guest.")
    private String gpu = "vga";

    @Option(names = "--hpet", description = "A high precision event timer.")
    private boolean hpet;

    @Option(
            names = "--cpu",
            paramLabel = "NAME",
            description = "The processor's model: oriel-v2, x86-64-v2 or x86-64-v1 (default: ${DEFAULT-VALUE}).")
    private String cpuModel = CpuModel.DEFAULT;

    @Option(names = "--accel", paramLabel = "auto|emulated|kvm", description = "What runs them (default: auto).")
    private String accelerator = "auto";

    @Option(
            names = "--serial",
            paramLabel = "stdio|file:PATH|none",
            description = "Where the serial console goes (default: ${DEFAULT-VALUE}).")
    private String serial = "stdio";

    @Option(
            names = "--display",
            paramLabel = "none|rfb:PORT",
            description = "Serve the screen to VNC viewers on a loopback port (default: ${DEFAULT-VALUE}).")
    private String display = "none";

    @Option(
            names = "--net",
            paramLabel = "none|user|switch|tap:DEVICE",
            description =
                    "A network card: with a way out through this computer's connections (user; needs passt), with DHCP"
                            + " and DNS only (switch), or on the network behind a tap device of this computer"
                            + " (default: ${DEFAULT-VALUE}).")
    private String network = "none";

    @Option(names = "--size", paramLabel = "WxH", description = "Screen size (default: ${DEFAULT-VALUE}).")
    private String size = "1280x800";

    @Option(names = "--screenshot", paramLabel = "PATH", description = "Write the screen as PNG at the end.")
    private @Nullable Path screenshot;

    @Option(
            names = "--until",
            paramLabel = "TEXT",
            description = "Stop (and take the screenshot) when the serial console says this.")
    private @Nullable String until;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "Stop after this time; exit status 124.")
    private long timeout;

    @Option(
            names = "--icount",
            description = "Reproducible: time counts instructions, random numbers are always the same ones.")
    private boolean countInstructions;

    @Option(
            names = "--record",
            paramLabel = "FILE",
            description = "With --icount: note keys and pointer in a new file, for --replay.")
    private @Nullable Path record;

    @Option(
            names = "--replay",
            paramLabel = "FILE",
            description = "With --icount and the same options and disks: repeat a recorded run, instruction by"
                    + " instruction. Viewers only watch.")
    private @Nullable Path replay;

    @Option(
            names = "--snapshot",
            paramLabel = "FOLDER",
            description =
                    "Instead of pulling the plug at the end (--until, --timeout), save the machine into a new folder."
                            + " Its disks must not change from then on.")
    private @Nullable Path snapshot;

    @Option(
            names = "--restore",
            paramLabel = "FOLDER",
            description =
                    "Go on from a saved machine, with temporary overlays on its disks. Memory, processors and disks"
                            + " are the saved machine's; --kernel and so on count if the guest is reset.")
    private @Nullable Path restore;

    @Option(
            names = "--fork",
            paramLabel = "N",
            description = "With --restore: run N machines from the same saved one (default: ${DEFAULT-VALUE}); console,"
                    + " display and monitor are the first one's.")
    private int fork = 1;

    @Option(
            names = "--monitor",
            paramLabel = "unix:PATH",
            description = "Serve a monitor (JSON, in the manner of QMP) on a Unix socket.")
    private @Nullable String monitor;

    private static final double MIB = 1 << 20;

    @Option(
            names = "--stats",
            description = "Print wall time, CPU time, guest instructions and translations to standard error.")
    private boolean stats;

    private final List<Machine> forks = new ArrayList<>();
    private @Nullable Path overlays;

    /** A saved machine lies on the overlays: they stay. */
    private volatile boolean overlaysSaved;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        try {
            return run();
        } catch (DiskException | FirmwareException | NetworkException | StateException e) {
            System.err.println("oriel vm: " + e.getMessage());
            return EXIT_FAILED;
        } catch (IOException e) {
            System.err.println("oriel vm: " + reason(e));
            return EXIT_FAILED;
        }
    }

    private int run() throws IOException, InterruptedException {
        Accelerator chosen = accelerator();
        DisplaySize screen = screenSize();
        int port = displayPort();
        if (timeout < 0) {
            throw badUsage("--timeout is a number of seconds, not " + timeout);
        }
        if ((record != null || replay != null) && (!countInstructions || restore != null)) {
            throw badUsage("--record and --replay go with --icount, from power-on");
        }
        if (record != null && replay != null) {
            throw badUsage("a run is recorded or replayed: leave --record or --replay out");
        }
        if (screenshot != null) {
            requireFolder("--screenshot", screenshot);
        }
        if (restore != null && (!disks.isEmpty() || ideDisk != null)) {
            throw badUsage("--restore has the saved machine's disks: leave --disk and --ide-disk out");
        }
        if (fork < 1 || fork > 1 && restore == null) {
            throw badUsage("--fork is the number of machines to run with --restore");
        }
        try {
            return run(chosen, screen, port);
        } finally {
            for (Machine clone : forks) {
                clone.stop();
            }
            if (overlays != null && overlaysSaved) {
                System.err.println("oriel vm: what was saved needs the disks in " + overlays + ": keep them");
            } else if (overlays != null) {
                SavedVm.delete(overlays);
            }
        }
    }

    private int run(Accelerator chosen, DisplaySize screen, int port) throws IOException, InterruptedException {
        CompletableFuture<MachineEnd> end = new CompletableFuture<>();
        CompletableFuture<MachineEnd> awaited = new CompletableFuture<>();
        MachineEnd stopped = new MachineEnd(MachineEnd.Cause.STOPPED, "");
        try (SerialOutput output = new SerialOutput(serialStream(), until, () -> awaited.complete(stopped))) {
            Assembled assembled = assemble(chosen, screen, output);
            Machine machine = assembled.machine();
            AtomicReference<@Nullable IOException> lostPicture = new AtomicReference<>();
            machine.addListener(new MachineListener() {
                @Override
                public void ending() {
                    takeScreenshot(machine, lostPicture);
                }

                @Override
                public void ended(MachineEnd how) {
                    output.flush();
                    end.complete(how);
                }
            });
            try (DisplayHub hub = new DisplayHub(ViewerListener.NONE);
                    RfbTcpServer server = port < 0 ? null : serve(hub, machine, port);
                    MonitorServer _ = monitor == null ? null : serveMonitor(assembled, monitor)) {
                output.open(); // nothing is left behind by a machine that doesn't come to be
                if (server != null) {
                    System.err.println("oriel vm: VNC viewers connect to localhost::" + server.port());
                }
                machine.start();
                for (int i = 2; restore != null && i <= fork; i++) {
                    Machine clone =
                            restored(restore, "vm-" + i, chosen, _ -> {}).machine();
                    forks.add(clone);
                    clone.start();
                }
                int status = await(assembled, end, awaited);
                IOException lost = lostPicture.get();
                if (lost != null) {
                    throw new IOException("the screenshot " + screenshot + " could not be written: " + reason(lost));
                }
                return status;
            } finally {
                machine.stop();
            }
        }
    }

    /** A machine with the disks that it has now. */
    private record Assembled(Machine machine, VmDisks disks) {}

    private MonitorServer serveMonitor(Assembled assembled, String address) throws IOException {
        if (!address.startsWith("unix:") || address.length() == 5) {
            throw badUsage("--monitor is unix:PATH, not " + address);
        }
        Machine machine = assembled.machine();
        return new MonitorServer(Path.of(address.substring(5)), new MonitorCommands(machine, folder -> {
            new SavedVm(folder).snapshot(machine, assembled.disks());
            overlaysSaved = true;
        }));
    }

    /** A machine that goes on from a saved one, with the same devices. */
    private Assembled restored(Path from, String name, Accelerator chosen, ByteSink output) throws IOException {
        Path root = overlays;
        if (root == null) {
            root = overlayFolder(snapshot);
            overlays = root;
        }
        SavedVm saved = new SavedVm(from);
        SavedMachine state = saved.machine();
        VmDisks opened = saved.openDisks(Files.createDirectory(root.resolve(name)));
        boolean assembled = false;
        try {
            MachineConfig config = new MachineConfig(
                            name,
                            state.memoryMib(),
                            state.cpus(),
                            chosen,
                            firmware == null ? new Boot.Deferred(this::kernelBoot) : boot(),
                            opened.images(),
                            openCdDrive(),
                            state.display(),
                            output,
                            networkCards())
                    .with(CpuModel.named(state.cpuModel()))
                    .with(equipment());
            config = opened.ideImage().map(config::withIdeDisk).orElse(config);
            Machine machine = Machine.resume(config, state);
            assembled = true;
            return new Assembled(machine, opened);
        } finally {
            if (!assembled) {
                opened.close();
            }
        }
    }

    /** Where overlays go: beside what is to be saved on them, if anything is. */
    private static Path overlayFolder(@Nullable Path savedLater) throws IOException {
        Path beside = savedLater == null ? null : savedLater.toAbsolutePath().getParent();
        return savedLater == null || beside == null
                ? Files.createTempDirectory("oriel-vm")
                : Files.createTempDirectory(Files.createDirectories(beside), savedLater.getFileName() + "-disks");
    }

    private Boot.Kernel kernelBoot() {
        if (kernel == null) {
            throw new FirmwareException(
                    "the guest was reset, and there is nothing to boot: name its --kernel with --restore");
        }
        return new Boot.Kernel(LinuxKernel.read(kernel), initrd == null ? Initrd.none() : Initrd.read(initrd), append);
    }

    private Assembled assemble(Accelerator chosen, DisplaySize screen, SerialOutput output) throws IOException {
        if (restore != null) {
            return restored(restore, "vm", chosen, output);
        }
        VmDisks opened = openDisks();
        MachineConfig.CdDrive drive = MachineConfig.CdDrive.NONE;
        boolean assembled = false;
        try {
            drive = openCdDrive();
            MachineConfig config = new MachineConfig(
                            "vm", memory, cpus, chosen, boot(), opened.images(), drive, screen, output, networkCards())
                    .with(CpuModel.named(cpuModel))
                    .with(equipment());
            config = opened.ideImage().map(config::withIdeDisk).orElse(config);
            Machine machine =
                    new Machine(countInstructions ? config.with(InstructionTime.DEFAULT.with(tape())) : config);
            assembled = true;
            return new Assembled(machine, opened);
        } catch (IllegalArgumentException e) {
            throw badUsage(String.valueOf(e.getMessage()));
        } finally {
            if (!assembled) {
                opened.close();
                drive.disc().ifPresent(DiskImage::close);
            }
        }
    }

    private Equipment equipment() {
        return new Equipment(
                hpet,
                switch (gpu) {
                    case "vga" -> Equipment.Graphics.VGA;
                    case "virtio" -> Equipment.Graphics.VIRTIO;
                    default -> throw badUsage("--gpu is vga or virtio, not " + gpu);
                });
    }

    private InputTape tape() throws IOException {
        if (replay != null) {
            return InputTape.read(replay);
        }
        // Each line is written through: there is nothing to close that the end of the process doesn't.
        return record == null
                ? new InputTape.Blank()
                : new InputTape.Recording(Files.newBufferedWriter(record, StandardOpenOption.CREATE_NEW));
    }

    private List<NetworkCard> networkCards() {
        return VmNetwork.cards(network)
                .orElseThrow(() -> badUsage("--net is none, user, switch or tap:DEVICE, not " + network));
    }

    private Boot boot() {
        if (kernel != null && firmware == null) {
            Initrd contents = initrd == null ? Initrd.none() : Initrd.read(initrd);
            return MultibootKernel.isOne(kernel)
                    ? new Boot.Multiboot(MultibootKernel.read(kernel), contents, kernel + " " + append, true)
                    : new Boot.Kernel(LinuxKernel.read(kernel), contents, append);
        }
        if (kernel != null) {
            throw badUsage("--kernel starts a kernel without firmware: leave --firmware out, or --kernel");
        }
        if (firmware == null) {
            throw badUsage("name what to start: --kernel FILE, or --firmware seabios with --disk or --cdrom");
        }
        if (initrd != null || !append.isEmpty()) {
            throw badUsage("--initrd and --append go with --kernel: what firmware boots has its own");
        }
        return new Boot.Bios(bios(firmware), bootDevices(), bootMenu);
    }

    private BiosImage bios(String named) {
        if (named.equals("seabios")) {
            return BiosImage.seaBios(BiosImage.DEBIAN_FOLDER);
        }
        if (named.startsWith("seabios:") && named.length() > 8) {
            return BiosImage.seaBios(Path.of(named.substring(8)));
        }
        throw badUsage("--firmware is seabios or seabios:FOLDER, not " + named);
    }

    private List<Boot.Device> bootDevices() {
        if (bootOrder.isEmpty()) {
            boolean disc = cdrom != null && !cdrom.equals("none");
            return disc ? List.of(Boot.Device.CDROM, Boot.Device.DISK) : List.of(Boot.Device.DISK, Boot.Device.CDROM);
        }
        List<Boot.Device> devices = new ArrayList<>();
        for (String name : bootOrder) {
            devices.add(
                    switch (name) {
                        case "disk" -> Boot.Device.DISK;
                        case "cdrom" -> Boot.Device.CDROM;
                        default -> throw badUsage("--boot lists disk and cdrom, not " + name);
                    });
        }
        return devices;
    }

    private MachineConfig.CdDrive openCdDrive() {
        if (cdrom == null) {
            return MachineConfig.CdDrive.NONE;
        }
        return cdrom.equals("none")
                ? MachineConfig.CdDrive.EMPTY
                : MachineConfig.CdDrive.with(DiskImages.open(Path.of(cdrom), Optional.of(DiskFormat.RAW), true));
    }

    private void takeScreenshot(Machine machine, AtomicReference<@Nullable IOException> failure) {
        if (screenshot != null) {
            try {
                Screenshot.write(machine.display(), screenshot);
            } catch (IOException e) {
                failure.set(e);
            }
        }
    }

    private static RfbTcpServer serve(DisplayHub hub, Machine machine, int port) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        DisplayGrant grant =
                new DisplayGrant("vm", machine.display(), Set.of(Right.VIEW, Right.CONTROL), ClipboardPolicy.BOTH_WAYS);
        try {
            return new RfbTcpServer(hub, address, grant);
        } catch (IOException e) {
            if (!(e.getCause() instanceof BindException)) {
                throw e;
            }
            throw new IOException(
                    "port " + port + " is in use: choose another with --display rfb:PORT, or rfb:0 for any", e);
        }
    }

    private int await(Assembled assembled, CompletableFuture<MachineEnd> end, CompletableFuture<MachineEnd> awaited)
            throws IOException, InterruptedException {
        Machine machine = assembled.machine();
        int status = 0;
        try {
            CompletableFuture<Object> first = CompletableFuture.anyOf(end, awaited);
            if (timeout > 0) {
                first.get(timeout, TimeUnit.SECONDS);
            } else {
                first.get();
            }
        } catch (TimeoutException e) {
            System.err.println("oriel vm: stopped after " + timeout + " s");
            status = EXIT_TIMEOUT;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
        if (snapshot != null && !end.isDone()) {
            new SavedVm(snapshot).snapshotAndEnd(machine, assembled.disks());
            overlaysSaved = true;
            System.err.println("oriel vm: saved in " + snapshot);
        }
        machine.stop();
        MachineEnd how = end.join();
        if (how.status().isPresent()) {
            status = how.status().getAsInt() << 1 & 0xFF | 1; // as QEMU's isa-debug-exit does: never 0
        }
        MachineStatistics used = machine.statistics();
        if (how.cause() == MachineEnd.Cause.FAILED) {
            System.err.println("oriel vm: " + how.detail());
            status = EXIT_FAILED;
        }
        if (stats) {
            System.err.printf(
                    Locale.ROOT,
                    "wall %.2f s, CPU %.2f s, %,d guest instructions, %.1f MIPS%n",
                    used.wall().toNanos() / 1e9,
                    used.cpu().toNanos() / 1e9,
                    used.instructions(),
                    used.mips());
            TranslationStatistics made = used.translations();
            System.err.printf(
                    Locale.ROOT,
                    "decoded %,d blocks; took over %,d, of these %,d translated%n",
                    made.decoded(),
                    made.copied(),
                    made.copiedTranslations());
            System.err.printf(
                    Locale.ROOT,
                    "translated %,d blocks in %.2f s to %.1f MiB of code, %.1f MiB in use, dropped %d times%n",
                    made.blocks(),
                    made.nanos() / 1e9,
                    made.bytes() / MIB,
                    made.used() / MIB,
                    made.flushes());
            TranslatorMemory memory = made.memory();
            System.err.printf(
                    Locale.ROOT,
                    "translator's memory %.1f MiB: operations %.1f, blocks %.1f, code %.1f, jump cache %.1f, TLB %.1f%n",
                    memory.total() / MIB,
                    memory.operations() / MIB,
                    memory.blocks() / MIB,
                    memory.translations() / MIB,
                    memory.jumps() / MIB,
                    memory.tlb() / MIB);
        }
        return status;
    }

    private CommandLine.ParameterException badUsage(String message) {
        return new CommandLine.ParameterException(spec.commandLine(), message);
    }

    private Accelerator accelerator() {
        return switch (accelerator) {
            case "auto" -> Accelerator.AUTO;
            case "emulated" -> Accelerator.EMULATED;
            case "kvm" -> Accelerator.KVM;
            default -> throw badUsage("--accel is auto, emulated or kvm, not " + accelerator);
        };
    }

    private DisplaySize screenSize() {
        Matcher parts = SIZE.matcher(size);
        if (!parts.matches()) {
            throw badUsage("--size is WIDTHxHEIGHT, for example 1280x800, not " + size);
        }
        try {
            return new DisplaySize(Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)));
        } catch (IllegalArgumentException e) {
            throw badUsage("--size: " + e.getMessage());
        }
    }

    private int displayPort() {
        if (display.equals("none")) {
            return -1;
        }
        if (display.matches("rfb:[0-9]{1,5}") && Integer.parseInt(display.substring(4)) < 65536) {
            return Integer.parseInt(display.substring(4));
        }
        throw badUsage("--display is none or rfb:PORT, not " + display);
    }

    private VmDisks openDisks() {
        try (VmDisks.Opening opening = new VmDisks.Opening()) {
            disks.forEach(disk -> opening.add(openDisk(disk)));
            if (ideDisk != null) {
                opening.addIde(openDisk(ideDisk));
            }
            return opening.done();
        }
    }

    private VmDisk openDisk(String disk) {
        int comma = disk.lastIndexOf(",format=");
        Path file = Path.of(comma < 0 ? disk : disk.substring(0, comma));
        Optional<DiskFormat> format = switch (comma < 0 ? "" : disk.substring(comma + 8)) {
            case "" -> Optional.empty();
            case "raw" -> Optional.of(DiskFormat.RAW);
            case "qcow2" -> Optional.of(DiskFormat.QCOW2);
            default -> throw badUsage("a disk's format is raw or qcow2: " + disk);
        };
        return VmDisk.open(file, format);
    }

    private SerialOutput.Target serialStream() throws IOException {
        if (serial.equals("stdio")) {
            return () -> System.out;
        }
        if (serial.equals("none")) {
            return OutputStream::nullOutputStream;
        }
        if (serial.startsWith("file:") && serial.length() > 5) {
            Path file = Path.of(serial.substring(5));
            requireFolder("--serial", file);
            return () -> Files.newOutputStream(file);
        }
        throw badUsage("--serial is stdio, file:PATH or none, not " + serial);
    }

    private static void requireFolder(String option, Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IOException(option + ": there is no folder " + folder);
        }
        if (Files.isDirectory(file)) {
            throw new IOException(option + ": " + file + " is a folder");
        }
    }

    /** The message of a file's failure is often nothing but the file's name. */
    private static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> e.getMessage() + ": permission denied";
            case NoSuchFileException _ -> e.getMessage() + ": no such file or folder";
            default -> String.valueOf(e.getMessage());
        };
    }
}
