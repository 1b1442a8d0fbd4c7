package oriel.hypervisor.machine;

import java.io.Writer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.Counting;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.Vcpu;
import oriel.hypervisor.cpu.emulated.CpuModel;
import oriel.hypervisor.cpu.emulated.EmulatedCpu;
import oriel.hypervisor.cpu.emulated.SharedCode;
import oriel.hypervisor.cpu.emulated.TranslationPolicy;
import oriel.hypervisor.cpu.kvm.HostLimits;
import oriel.hypervisor.cpu.kvm.KvmCpu;
import oriel.hypervisor.cpu.kvm.KvmHost;
import oriel.hypervisor.cpu.kvm.KvmMachine;
import oriel.hypervisor.device.chipset.AcpiPm;
import oriel.hypervisor.device.chipset.ApicBus;
import oriel.hypervisor.device.chipset.CmosRtc;
import oriel.hypervisor.device.chipset.GenerationId;
import oriel.hypervisor.device.chipset.Hpet;
import oriel.hypervisor.device.chipset.InterruptRouter;
import oriel.hypervisor.device.chipset.IoApic;
import oriel.hypervisor.device.chipset.LegacyDma;
import oriel.hypervisor.device.chipset.LocalApic;
import oriel.hypervisor.device.chipset.Pic8259;
import oriel.hypervisor.device.chipset.Pit8254;
import oriel.hypervisor.device.chipset.ProcessorSignals;
import oriel.hypervisor.device.chipset.ResetControl;
import oriel.hypervisor.device.chipset.Watchdog;
import oriel.hypervisor.device.display.BochsDisplay;
import oriel.hypervisor.device.display.FramebufferDisplay;
import oriel.hypervisor.device.display.VideoMemory;
import oriel.hypervisor.device.display.VirtioGpu;
import oriel.hypervisor.device.input.I8042;
import oriel.hypervisor.device.input.Ps2Keyboard;
import oriel.hypervisor.device.input.Ps2Mouse;
import oriel.hypervisor.device.pci.HostBridge;
import oriel.hypervisor.device.pci.IsaBridge;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.device.pci.PciFunction;
import oriel.hypervisor.device.serial.Serial16550;
import oriel.hypervisor.device.sound.Ac97;
import oriel.hypervisor.device.storage.AtaDisk;
import oriel.hypervisor.device.storage.CdDrive;
import oriel.hypervisor.device.storage.IdeController;
import oriel.hypervisor.device.testing.TestDevice;
import oriel.hypervisor.device.virtio.VirtioBalloon;
import oriel.hypervisor.device.virtio.VirtioBlock;
import oriel.hypervisor.device.virtio.VirtioConsole;
import oriel.hypervisor.device.virtio.VirtioEntropy;
import oriel.hypervisor.device.virtio.VirtioNet;
import oriel.hypervisor.device.virtio.VirtioPci;
import oriel.hypervisor.device.virtio.VirtioTablet;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Framebuffer;
import oriel.hypervisor.guest.GuestMonitors;
import oriel.hypervisor.guest.IdentityPort;
import oriel.hypervisor.guest.QemuGuestAgent;
import oriel.hypervisor.guest.SpiceAgent;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.HostMapping;
import oriel.hypervisor.sound.SoundOutput;

/**
 * The board: which chips there are and how they are wired. Confined to the machine's thread once built, or, with
 * processors that run beside each other, to whoever has their lock.
 *
 * <p>Slots of the PCI bus: 0 host bridge, 1 graphics, 2 pointer, 3 entropy, 4 and up disks, 22 sound, 23 watchdog,
 * 24 named serial ports, 25 and up network cards, 29 balloon, 30 IDE (if there is a CD drive), 31 ISA bridge (with a BIOS).
 */
final class Board {
    private static final int SLOT_HOST_BRIDGE = 0;
    private static final int SLOT_DISPLAY = 1;
    private static final int SLOT_TABLET = 2;
    private static final int SLOT_ENTROPY = 3;
    private static final int SLOT_FIRST_DISK = 4;
    private static final int SLOT_SOUND = 22;
    private static final int SLOT_WATCHDOG = 23;
    private static final int SLOT_PORTS = 24;
    private static final int SLOT_FIRST_NETWORK_CARD = 25;
    private static final int SLOT_BALLOON = 29;
    private static final int SLOT_IDE = 30;
    private static final int SLOT_ISA_BRIDGE = 31;

    final GuestMemory memory;
    final List<Vcpu> cpus;
    private final @Nullable KvmMachine kvm;
    final AcpiPm powerManagement;
    final GenerationId generation;
    final FramebufferDisplay display;
    final SoundOutput sound;
    final QemuGuestAgent guestAgent;
    final VirtioBalloon balloon;
    final IdentityPort identity;
    private final SpiceAgent spiceAgent;
    private final @Nullable BochsDisplay graphics;
    private final HostMapping pixels;
    private final VideoMemory videoMemory;
    private final Ps2Keyboard keyboard;
    private final VirtioTablet tablet;
    private final ApicBus apics;
    private final @Nullable BiosParts bios;
    final MachineInput.Devices inputDevices = new InputDevices();
    final List<VirtioBlock> disks = new ArrayList<>();
    private final List<VirtioNet> networkCards = new ArrayList<>();
    final @Nullable CdDrive cdDrive;
    private final List<Device> devices = new ArrayList<>();

    /**
     * Wires everything, with memory as new or as saved. The memories belong to the board.
     *
     * @param ram of the configured size
     * @param pixels video memory
     * @param parallel the threads of processors by KVM; null: the processors are emulated
     */
    Board(
            MachineConfig config,
            @Nullable ParallelProcessors parallel,
            VirtualClock clock,
            PowerSwitch power,
            Executor machine,
            Executor io,
            HostMapping ram,
            HostMapping pixels) {
        memory = new GuestMemory(ram);
        IoBus bus = new IoBus();
        apics = new ApicBus();
        Pic8259 pic = add(new Pic8259());
        IoApic ioApic = add(new IoApic(apics));
        InterruptRouter router = add(new InterruptRouter(pic, ioApic));

        RandomGenerator random = config.instructionTime()
                .<RandomGenerator>map(time -> new Random(time.seed()))
                .orElseGet(SecureRandom::new);
        TranslationPolicy translation = "off".equals(System.getProperty("oriel.cpu.translator"))
                ? TranslationPolicy.NEVER
                : TranslationPolicy.HOT;
        // A run that is to be the same again must not depend on who ran before.
        boolean alone = config.instructionTime().isPresent() || "off".equals(System.getProperty("oriel.cpu.sharing"));
        SharedCode shared = alone ? null : config.sharedCode().orElse(null);
        kvm = parallel == null ? null : kvmMachine(bus, clock);
        List<Vcpu> processors = new ArrayList<>();
        for (int number = 0; number < config.cpus(); number++) {
            Processor signals = new Processor(number);
            LocalApic apic = add(new LocalApic(number, clock, apics, pic, signals));
            CpuModel model = config.cpuModel().withTopology(config.cpus(), number);
            Vcpu cpu = kvm == null || parallel == null
                    ? new EmulatedCpu(memory, bus, apic, clock, random, model, translation, shared)
                    : new KvmCpu(kvm, number, apic, model, parallel.gate(number));
            signals.cpu = cpu;
            processors.add(cpu);
        }
        cpus = List.copyOf(processors);

        InterruptLine irq0 = router.line(0);
        InterruptLine irq8 = router.line(8);
        if (config.equipment().hpet()) {
            Hpet hpet = add(new Hpet(clock, router.line(0), router.line(8), router::line));
            hpet.attach(bus);
            irq0 = hpet.unlessReplaced(irq0);
            irq8 = hpet.unlessReplaced(irq8);
        }
        Pit8254 pit = add(new Pit8254(clock, irq0));
        CmosRtc rtc = add(new CmosRtc(clock, irq8, memory.ramSize()));
        powerManagement = add(new AcpiPm(clock, router.line(9), power));
        generation = add(new GenerationId(powerManagement));
        generation.attach(memory);
        ResetControl resetControl = add(new ResetControl(power));
        LegacyDma dma = add(new LegacyDma());
        Serial16550 serial = add(new Serial16550("serial.0", 0x3F8, router.line(4), config.serial()));
        pic.attach(bus);
        ioApic.attach(bus);
        apics.attach(bus);
        pit.attach(bus);
        rtc.attach(bus);
        powerManagement.attach(bus);
        resetControl.attach(bus);
        dma.attach(bus);
        serial.attach(bus);

        if (config.boot() instanceof Boot.Multiboot multiboot && multiboot.testDevice()) {
            List<InterruptLine> lines =
                    IntStream.range(0, IoApic.PINS).mapToObj(router::gsi).toList();
            add(new TestDevice(power::exit, lines)).attach(bus);
        }

        PciBus pci;
        if (config.boot() instanceof Boot.Bios boot) {
            bios = new BiosParts(
                    config,
                    boot,
                    memory,
                    bus,
                    router::line,
                    new BiosParts.BootSlots(
                            SLOT_FIRST_DISK,
                            config.disks().size(),
                            SLOT_IDE,
                            config.ideDisk().isPresent()));
            IsaBridge isa = bios.isaBridge;
            pci = add(new PciBus(
                    bus,
                    memory,
                    gsi -> level -> {
                        router.gsi(gsi).set(level);
                        isa.set(gsi, level);
                    },
                    apics,
                    false));
            plug(pci, SLOT_HOST_BRIDGE, bios.hostBridge);
            plug(pci, SLOT_ISA_BRIDGE, isa);
            add(bios.config);
            add(bios.log);
        } else {
            bios = null;
            pci = add(new PciBus(bus, memory, router::gsi, apics));
            plug(pci, SLOT_HOST_BRIDGE, new HostBridge());
        }
        tablet = new VirtioTablet("tablet");
        sound = new SoundOutput(machine);
        this.pixels = pixels;
        videoMemory = new VideoMemory(pixels);
        display = new FramebufferDisplay(
                config.name(),
                videoMemory,
                config.display(),
                size -> new MachineInput(machine, viewerInput(config, clock), size),
                sound,
                machine,
                this::flushWriteTracking);
        keyboard = new Ps2Keyboard(display::lightsChanged);
        I8042 keyboardController = add(new I8042(router.line(1), router.line(12), power, keyboard, new Ps2Mouse()));
        keyboardController.attach(bus);
        graphics = switch (config.equipment().graphics()) {
            case VGA -> new BochsDisplay("display", display, bus, memory);
            case VIRTIO -> null;
        };
        plug(pci, SLOT_DISPLAY, graphics != null ? graphics : new VirtioPci(new VirtioGpu("display", display), memory));
        plug(pci, SLOT_TABLET, new VirtioPci(tablet, memory));
        plug(pci, SLOT_ENTROPY, new VirtioPci(new VirtioEntropy("entropy", random), memory));
        for (int i = 0; i < config.disks().size(); i++) {
            VirtioBlock disk = new VirtioBlock("disk." + i, config.disks().get(i), "oriel-" + i, io, machine);
            disks.add(disk);
            plug(pci, SLOT_FIRST_DISK + i, new VirtioPci(disk, memory));
        }
        guestAgent = new QemuGuestAgent(machine, clock, random);
        spiceAgent = new SpiceAgent(machine, clock, display::clipboardChanged);
        display.onLayoutRequest(new GuestMonitors(guestAgent, spiceAgent::requestSize, display::divided)::request);
        identity = new IdentityPort(machine, clock::wallNanos);
        VirtioConsole ports =
                new VirtioConsole("ports", List.of(guestAgent.port(), spiceAgent.port(), identity.port()));
        plug(pci, SLOT_PORTS, new VirtioPci(ports, memory));
        balloon = new VirtioBalloon("balloon");
        plug(pci, SLOT_BALLOON, new VirtioPci(balloon, memory));
        plug(pci, SLOT_WATCHDOG, new Watchdog(clock, power));
        plug(pci, SLOT_SOUND, new Ac97("sound", clock, memory, sound));
        for (int i = 0; i < config.networkCards().size(); i++) {
            VirtioNet card = new VirtioNet("net." + i, config.networkCards().get(i), machine);
            networkCards.add(card);
            plug(pci, SLOT_FIRST_NETWORK_CARD + i, new VirtioPci(card, memory));
        }
        cdDrive = config.cdDrive().present() ? new CdDrive(config.cdDrive().disc(), io, machine) : null;
        AtaDisk ideDisk = config.ideDisk()
                .map(image -> new AtaDisk(image, "oriel-ide", io, machine))
                .orElse(null);
        if (cdDrive != null || ideDisk != null) {
            plug(
                    pci,
                    SLOT_IDE,
                    new IdeController("ide", bus, memory, router.line(14), router.line(15), ideDisk, cdDrive));
        }
    }

    /** Whoever waits for the guest waits no more: it is over. */
    void disconnectGuest() {
        guestAgent.close();
    }

    private KvmMachine kvmMachine(IoBus bus, VirtualClock clock) {
        boolean deadline = KvmHost.look() instanceof KvmHost.Finding.Usable(KvmHost host) && host.deadlineExits();
        return new KvmMachine(memory, bus, clock, deadline);
    }

    /** In what the processors fall short of their model. */
    HostLimits limits() {
        return cpus.getFirst() instanceof KvmCpu cpu ? cpu.limits() : HostLimits.NONE;
    }

    private <D extends Device> D add(D device) {
        devices.add(device);
        return device;
    }

    private void plug(PciBus pci, int slot, PciFunction function) {
        pci.add(slot, add(function));
    }

    /** Everything that has state, in the order in which it is saved and loaded: controllers before what raises lines. */
    List<Device> devices() {
        return Collections.unmodifiableList(devices);
    }

    /** Devices that count what they do. */
    List<Counting> counting() {
        return Stream.<Counting>concat(disks.stream(), networkCards.stream()).toList();
    }

    /** RAM and video memory. */
    List<HostMapping> memories() {
        return List.of(memory.ram(), pixels);
    }

    /**
     * Stops the processors, waits for what the host still does for devices, and has its outcome in memory: then the board
     * can be saved.
     */
    void quiesce() {
        cpus.forEach(Vcpu::standStill);
        devices.forEach(Device::quiesce);
    }

    /** Notes which pages of RAM are written from now on, or no more. */
    void trackWrites(boolean yes) {
        memory.trackWrites(yes);
        flushWriteTracking();
    }

    /** Pages of RAM written since the last time. */
    BitSet takeWritten() {
        BitSet written = memory.takeWritten();
        flushWriteTracking();
        return written;
    }

    /** Says which processor's accesses follow: all see their own local APIC at the same address. */
    void select(int processor) {
        apics.select(processor);
    }

    /** Everything as after power-on; memory keeps its content. */
    void reset() {
        devices.forEach(Device::reset);
        for (Vcpu cpu : cpus) {
            cpu.reset();
        }
        for (int number = 1; number < cpus.size(); number++) {
            cpus.get(number).state().waitForSipi = true;
            cpus.get(number).stateChanged();
        }
    }

    private void flushWriteTracking() {
        for (Vcpu cpu : cpus) {
            cpu.flushWriteTracking();
        }
    }

    /** The wires from a local APIC to its processor. */
    private static final class Processor implements ProcessorSignals {
        private final int number;

        private @Nullable Vcpu cpu; // set right after construction: the two need each other

        Processor(int number) {
            this.number = number;
        }

        private Vcpu cpu() {
            return java.util.Objects.requireNonNull(cpu);
        }

        @Override
        public void nmi() {
            cpu().nmi();
        }

        @Override
        public void init() {
            cpu().reset();
            cpu().state().waitForSipi = number != 0;
            cpu().stateChanged();
        }

        @Override
        public void startUp(int page) {
            CpuState state = cpu().state();
            if (!state.waitForSipi) {
                return;
            }
            state.waitForSipi = false;
            state.halted = false;
            state.segments[CpuState.CS].set(page << 8, (long) page << 12, 0xFFFF, 0x9B);
            state.rip = 0;
            cpu().stateChanged();
        }

        @Override
        public long tscOffset() {
            return cpu == null ? 0 : cpu.tscOffset();
        }
    }

    /** Gives host memory back. */
    void close() {
        networkCards.forEach(VirtioNet::close);
        for (Vcpu cpu : cpus) {
            cpu.close();
        }
        if (kvm != null) {
            kvm.close();
        }
        memory.close();
        generation.close();
        videoMemory.close();
        if (bios != null) {
            bios.close();
        }
    }

    /** Puts the screen into the mode that a kernel without a driver draws in; null if the adapter has none. */
    @Nullable
    Framebuffer bootFramebuffer(DisplaySize size) {
        if (graphics == null) {
            return null;
        }
        BochsDisplay.BootFramebuffer boot = graphics.boot(size);
        return new Framebuffer(boot.address(), videoMemory.size(), size.width(), size.height(), boot.pitch());
    }

    /** Where a viewer's input goes: not to the machine if that repeats what another did. */
    private MachineInput.Devices viewerInput(MachineConfig config, VirtualClock clock) {
        InputTape tape = config.instructionTime().map(InstructionTime::input).orElseGet(InputTape.Blank::new);
        return switch (tape) {
            case InputTape.Blank() -> inputDevices;
            case InputTape.Recording(Writer out) -> new InputRecorder(inputDevices, clock::nanos, out);
            case InputTape.Replay _ -> InputReplay.NOBODY;
        };
    }

    /** Keyboard and pointer. */
    private final class InputDevices implements MachineInput.Devices {
        @Override
        public void key(int scanCode, boolean down) {
            keyboard.key(scanCode, down);
        }

        @Override
        public void pointer(int x, int y, DisplaySize of, int buttons) {
            tablet.pointer(x, y, of, buttons);
        }

        @Override
        public void wheel(int vertical, int horizontal) {
            tablet.wheel(vertical, horizontal);
        }

        @Override
        public void clipboard(String text) {
            spiceAgent.clipboard(text);
        }
    }
}
