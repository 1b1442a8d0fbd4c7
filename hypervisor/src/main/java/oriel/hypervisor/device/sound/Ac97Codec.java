package oriel.hypervisor.device.sound;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The mixer of an AC '97 codec (AC '97 component specification 2.3, §5.7): master volume and PCM volume, both with mute; 48 kHz
 * only, so that guests resample and a listener sees one format. Registers that it lacks read 0, as drivers expect that look
 * for them. Confined to the machine's thread.
 */
final class Ac97Codec {
    static final int SIZE = 0x80;

    private static final int MASTER = 0x02, PCM_OUT = 0x18, RECORD_SELECT = 0x1A, RECORD_GAIN = 0x1C;
    private static final int POWER_DOWN = 0x26, VENDOR_ID1 = 0x7C, VENDOR_ID2 = 0x7E;
    private static final int MUTE = 0x8000;
    private static final int STEPS = 0x1F; // 1.5 dB each
    private static final int PCM_0_DB = 0x08; // the PCM volume begins at +12 dB

    /** ADC, DAC, analog mixers and reference voltage are ready: at once, and always. */
    private static final int ALL_READY = 0x000F;

    private static final int POWER_BITS = 0xFF00;

    /** SigmaTel STAC9700: drivers know it as a codec without peculiarities. */
    private static final int SIGMATEL = 0x8384, STAC9700 = 0x7600;

    /** Factor of a volume, with {@link #UNITY} for 0 dB; by 1.5 dB steps from +12 dB down. */
    private static final int[] FACTORS = new int[STEPS + STEPS + 1];

    /** The factor that changes nothing. */
    static final int UNITY = 1 << 16;

    static {
        for (int step = 0; step < FACTORS.length; step++) {
            FACTORS[step] = (int) Math.round(UNITY * Math.pow(10, -1.5 * (step - PCM_0_DB) / 20));
        }
    }

    private int master, pcmOut, recordSelect, recordGain, powerDown;

    Ac97Codec() {
        reset();
    }

    /** Everything is muted after a reset (§5.7.2). */
    void reset() {
        master = MUTE;
        pcmOut = MUTE | PCM_0_DB << 8 | PCM_0_DB;
        recordSelect = 0;
        recordGain = MUTE;
        powerDown = 0;
    }

    /** Reads 16 bits of an even register. */
    int read(int register) {
        return switch (register) {
            case MASTER -> master;
            case PCM_OUT -> pcmOut;
            case RECORD_SELECT -> recordSelect;
            case RECORD_GAIN -> recordGain;
            case POWER_DOWN -> powerDown | ALL_READY;
            case VENDOR_ID1 -> SIGMATEL;
            case VENDOR_ID2 -> STAC9700;
            default -> 0;
        };
    }

    /** Writes 16 bits of an even register. */
    void write(int register, int value) {
        switch (register) {
            case 0 -> reset();
            case MASTER -> master = value & MUTE | volume(value >> 8) << 8 | volume(value);
            case PCM_OUT -> pcmOut = value & (MUTE | STEPS << 8 | STEPS);
            case RECORD_SELECT -> recordSelect = value & 0x0707;
            case RECORD_GAIN -> recordGain = value & 0x8F0F;
            case POWER_DOWN -> powerDown = value & POWER_BITS;
            default -> {}
        }
    }

    /** Whoever asks for the sixth bit gets the most that five can do (§5.7.2): drivers find out by that how many there are. */
    private static int volume(int value) {
        return (value & 0x20) != 0 ? STEPS : value & STEPS;
    }

    /**
     * What a sample is multiplied by, with {@link #UNITY} for 1.
     *
     * @param channel 0 left, 1 right
     */
    int factor(int channel) {
        if (((master | pcmOut) & MUTE) != 0) {
            return 0;
        }
        int shift = channel == 0 ? 8 : 0;
        return FACTORS[(master >> shift & STEPS) + (pcmOut >> shift & STEPS)];
    }

    void save(StateWriter out) {
        out.u16(master).u16(pcmOut).u16(recordSelect).u16(recordGain).u16(powerDown);
    }

    void load(StateReader in) {
        write(MASTER, in.u16());
        write(PCM_OUT, in.u16());
        write(RECORD_SELECT, in.u16());
        write(RECORD_GAIN, in.u16());
        write(POWER_DOWN, in.u16());
    }
}
