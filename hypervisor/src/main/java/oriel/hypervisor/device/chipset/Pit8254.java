package oriel.hypervisor.device.chipset;

import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The 8254 interval timer (ports 40H–43H) and the part of port 61H that belongs to it: gate and output of channel 2, the
 * refresh toggle. Channel 0 drives interrupt 0. Counts are computed from the clock when asked for; only channel 0 uses a
 * timer.
 */
public final class Pit8254 implements Device, BytePorts {
    private static final Ticks CLOCK = new Ticks(1_193_182);

    /** DRAM refresh toggles bit 4 of port 61H about every 15 µs; old software measures delays by it. */
    private static final long REFRESH_NANOS = 15_085;

    /** A guest can't make the machine's thread do nothing but expire timers. */
    private static final long SHORTEST_PERIOD_NANOS = 20_000;

    private static final int LATCH_COUNT = 0, LOW_BYTE = 1, HIGH_BYTE = 2, BOTH_BYTES = 3;

    private final MachineClock clock;
    private final InterruptLine irq0;
    private final MachineClock.Timer timer;
    private final Channel[] channels = {new Channel(), new Channel(), new Channel()};
    private boolean speaker;

    /** A timer chip; channel 0 drives {@code irq0}. */
    public Pit8254(MachineClock clock, InterruptLine irq0) {
        this.clock = clock;
        this.irq0 = irq0;
        this.timer = clock.newTimer("pit", this::channel0Fires);
        reset();
    }

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(0x40, 4, this);
        bus.addPorts(0x61, 1, this);
    }

    @Override
    public String name() {
        return "pit";
    }

    @Override
    public void reset() {
        for (Channel channel : channels) {
            channel.reset();
        }
        channels[2].gate = false;
        speaker = false;
        timer.cancel();
    }

    @Override
    public int readByte(int port) {
        return switch (port) {
            case 0x40, 0x41, 0x42 -> channels[port & 3].read(now());
            case 0x61 ->
                (channels[2].gate ? 1 : 0)
                        | (speaker ? 2 : 0)
                        | ((clock.nanos() / REFRESH_NANOS & 1) != 0 ? 0x10 : 0)
                        | (channels[2].output(now()) ? 0x20 : 0);
            default -> 0xFF; // 43H is write-only
        };
    }

    @Override
    public void writeByte(int port, int value) {
        switch (port) {
            case 0x40, 0x41, 0x42 -> {
                boolean loaded = channels[port & 3].write(value, now());
                if (port == 0x40) {
                    if (loaded) {
                        armChannel0(clock.nanos());
                    }
                    irq0.set(channels[0].output(now()));
                }
            }
            case 0x43 -> control(value);
            case 0x61 -> {
                channels[2].setGate((value & 1) != 0, now());
                speaker = (value & 2) != 0;
            }
            default -> {}
        }
    }

    private long now() {
        return CLOCK.at(clock.nanos());
    }

    private void control(int value) {
        int select = value >> 6;
        if (select == 3) {
            readBack(value);
            return;
        }
        Channel channel = channels[select];
        int access = value >> 4 & 3;
        if (access == LATCH_COUNT) {
            channel.latchCount(now());
            return;
        }
        channel.program(access, value >> 1 & 7, (value & 1) != 0);
        if (select == 0) {
            timer.cancel();
            irq0.set(channel.output(now()));
        }
    }

    private void readBack(int value) {
        for (int i = 0; i < channels.length; i++) {
            if ((value & 2 << i) != 0) {
                if ((value & 0x20) == 0) {
                    channels[i].latchCount(now());
                }
                if ((value & 0x10) == 0) {
                    channels[i].latchStatus(now());
                }
            }
        }
    }

    /** Arms the timer for the first rising edge of channel 0's output after a time. */
    private void armChannel0(long afterNanos) {
        long edge = channels[0].nextRisingEdge(CLOCK.at(afterNanos));
        if (edge == Long.MAX_VALUE) {
            timer.cancel();
        } else {
            timer.armAt(CLOCK.nanosOf(edge));
        }
    }

    private void channel0Fires() {
        irq0.set(false);
        irq0.set(true);
        if (channels[0].periodic()) {
            armChannel0(clock.nanos());
            if (timer.deadline() - clock.nanos() < SHORTEST_PERIOD_NANOS) {
                timer.armAt(clock.nanos() + SHORTEST_PERIOD_NANOS);
            }
        }
    }

    @Override
    public void save(StateWriter out) {
        out.version(1).bool(speaker).i64(timer.deadline());
        for (Channel channel : channels) {
            channel.save(out);
        }
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        speaker = in.bool();
        long deadline = in.i64();
        for (Channel channel : channels) {
            channel.load(in);
        }
        if (deadline == Long.MAX_VALUE) {
            timer.cancel();
        } else {
            timer.armAt(deadline);
        }
    }

    /** One counter. Times are in ticks of the input clock. Names follow the Intel 8254 data sheet. */
    private static final class Channel {
        private int access;
        private int mode;
        private boolean bcd;
        private boolean gate;

        /** Loaded count, 1–65536 (or 10000 in BCD); 0: none loaded since the mode was set. */
        private int count;

        /** When counting from {@link #count} began (or, gate low, where it stands still). */
        private long start;

        private long stoppedAt;

        /** Modes 1 and 5 wait for a rising gate. */
        private boolean triggered;

        private int writeLow;
        private boolean writeHighNext;
        private boolean readHighNext;

        /** Bytes that a latch command left to be read, lowest first; {@link #latchedBytes} of them. */
        private int latched;

        private int latchedBytes;
        private boolean statusLatched;
        private int status;

        void reset() {
            program(BOTH_BYTES, 3, false);
            gate = true;
        }

        void program(int newAccess, int newMode, boolean newBcd) {
            access = newAccess;
            mode = newMode > 5 ? newMode - 4 : newMode; // 6 and 7 are aliases of 2 and 3
            bcd = newBcd;
            count = 0;
            triggered = false;
            writeHighNext = false;
            readHighNext = false;
            latchedBytes = 0;
            statusLatched = false;
        }

        boolean periodic() {
            return mode == 2 || mode == 3;
        }

        private boolean gateTriggered() {
            return mode == 1 || mode == 5;
        }

        /** Returns whether a new count was loaded. */
        boolean write(int value, long now) {
            switch (access) {
                case LOW_BYTE -> loadCount(value, now);
                case HIGH_BYTE -> loadCount(value << 8, now);
                default -> {
                    if (!writeHighNext) {
                        writeLow = value;
                        writeHighNext = true;
                        if (mode == 0) {
                            count = 0; // the first byte stops the count and lowers the output
                        }
                        return false;
                    }
                    writeHighNext = false;
                    loadCount(value << 8 | writeLow, now);
                }
            }
            return true;
        }

        private void loadCount(int raw, long now) {
            int value = bcd ? fromBcd(raw) : raw;
            count = value == 0 ? bcd ? 10_000 : 0x10000 : value;
            if (!gateTriggered()) {
                start = now;
                stoppedAt = now;
                triggered = true;
            }
        }

        void setGate(boolean high, long now) {
            if (high == gate) {
                return;
            }
            if (high) {
                if (gateTriggered() || periodic()) {
                    start = now;
                    triggered = count != 0;
                } else {
                    start += now - stoppedAt;
                }
            } else {
                stoppedAt = now;
            }
            gate = high;
        }

        private boolean counting() {
            return count != 0 && triggered;
        }

        private long elapsed(long now) {
            boolean stopped = !gate && !gateTriggered();
            return Math.max(0, (stopped ? stoppedAt : now) - start);
        }

        boolean output(long now) {
            if (!counting()) {
                return mode != 0;
            }
            long elapsed = elapsed(now);
            return switch (mode) {
                case 0, 1 -> elapsed >= count;
                case 2 -> !gate || elapsed % count != count - 1;
                case 3 -> !gate || elapsed % count < (count + 1) / 2;
                default -> elapsed != count; // strobes: low for one tick
            };
        }

        private int current(long now) {
            if (!counting()) {
                return count & 0xFFFF;
            }
            long elapsed = elapsed(now);
            int modulus = bcd ? 10_000 : 0x10000;
            int value = switch (mode) {
                case 2 -> (int) (count - elapsed % count);
                case 3 -> {
                    int half = (count + 1) / 2; // counts down by two, twice a period
                    int phase = (int) (elapsed % count);
                    yield count - 2 * (phase < half ? phase : phase - half) & ~1;
                }
                default -> (int) Math.floorMod(count - elapsed, (long) modulus);
            };
            return (bcd ? toBcd(value % 10_000) : value) & 0xFFFF;
        }

        /** The tick of the first rising edge of the output after a tick, or MAX_VALUE. */
        long nextRisingEdge(long after) {
            if (!counting() || !gate) {
                return Long.MAX_VALUE;
            }
            return switch (mode) {
                case 2, 3 -> start + (elapsed(after) / count + 1) * count;
                case 0, 1 -> start + count > after ? start + count : Long.MAX_VALUE;
                default -> start + count + 1 > after ? start + count + 1 : Long.MAX_VALUE;
            };
        }

        void latchCount(long now) {
            if (latchedBytes != 0) {
                return; // a second latch before the first is read does nothing
            }
            int value = current(now);
            switch (access) {
                case LOW_BYTE -> latch(value & 0xFF, 1);
                case HIGH_BYTE -> latch(value >> 8, 1);
                default -> latch(value, 2);
            }
        }

        private void latch(int value, int bytes) {
            latched = value;
            latchedBytes = bytes;
        }

        void latchStatus(long now) {
            if (!statusLatched) {
                statusLatched = true;
                status = (output(now) ? 0x80 : 0) | (count == 0 ? 0x40 : 0) | access << 4 | mode << 1 | (bcd ? 1 : 0);
            }
        }

        int read(long now) {
            if (statusLatched) {
                statusLatched = false;
                return status;
            }
            if (latchedBytes > 0) {
                int value = latched & 0xFF;
                latched >>= 8;
                latchedBytes--;
                return value;
            }
            int value = current(now);
            return switch (access) {
                case LOW_BYTE -> value & 0xFF;
                case HIGH_BYTE -> value >> 8;
                default -> {
                    readHighNext = !readHighNext;
                    yield readHighNext ? value & 0xFF : value >> 8;
                }
            };
        }

        private static int fromBcd(int raw) {
            return (raw >> 12 & 15) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 + (raw & 15);
        }

        private static int toBcd(int value) {
            return value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
        }

        void save(StateWriter out) {
            out.u8(access).u8(mode).bool(bcd).bool(gate).i32(count).i64(start).i64(stoppedAt);
            out.bool(triggered).u8(writeLow).bool(writeHighNext).bool(readHighNext);
            out.i32(latched).u8(latchedBytes).bool(statusLatched).u8(status);
        }

        void load(StateReader in) {
            access = in.u8() & 3;
            mode = Math.min(in.u8(), 5);
            bcd = in.bool();
            gate = in.bool();
            count = Math.clamp(in.i32(), 0, 0x10000);
            start = in.i64();
            stoppedAt = in.i64();
            triggered = in.bool();
            writeLow = in.u8();
            writeHighNext = in.bool();
            readHighNext = in.bool();
            latched = in.i32();
            latchedBytes = in.u8() & 3;
            statusLatched = in.bool();
            status = in.u8();
        }
    }
}
