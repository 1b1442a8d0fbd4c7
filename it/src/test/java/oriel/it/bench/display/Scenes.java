package oriel.it.bench.display;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What people do at a desktop of 1920×1080, drawn with Java2D and written as raw frames. Seeded: always the same. */
public final class Scenes {
    /** Of every picture. */
    public static final int WIDTH = 1920;
    /** Of every picture. */
    public static final int HEIGHT = 1080;

    private static final String[] WORDS =
            ("window broker session display pointer the of and in to is for that with a as "
                            + "return public static final record int length region update frame scroll viewer machine guest "
                            + "memory snapshot policy desktop golden image pool user clipboard cursor keyboard pixel colour")
                    .split(" ");
    private static final Font MONO = new Font("DejaVu Sans Mono", Font.PLAIN, 15);
    private static final Font SANS = new Font("DejaVu Sans", Font.PLAIN, 15);
    private static final Font TITLE = new Font("DejaVu Sans", Font.BOLD, 30);

    private final int frames;
    private final List<Scene> scenes = new ArrayList<>();
    private final BufferedImage screen = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    private final ByteBuffer bytes =
            ByteBuffer.allocateDirect(WIDTH * HEIGHT * 4).order(ByteOrder.LITTLE_ENDIAN);
    private int written;

    /** Draws one frame. */
    private interface Painter {
        void paint(Graphics2D to, int frame);
    }

    /** @param frames of each scene */
    public Scenes(int frames) {
        this.frames = frames;
    }

    /** Writes all scenes into one file. */
    public List<Scene> write(Path file) throws IOException {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            typing(out);
            terminal(out);
            drag(out);
            web(out);
            office(out);
            photos(out);
            video(out, "video in a window", 1280, 720);
            video(out, "full-screen video", WIDTH, HEIGHT);
        }
        return List.copyOf(scenes);
    }

    private void scene(FileChannel out, String name, Painter painter) throws IOException {
        scenes.add(new Scene(name, written, frames));
        for (int frame = 0; frame < frames; frame++) {
            Graphics2D to = screen.createGraphics();
            to.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            to.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            to.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
            painter.paint(to, frame);
            to.dispose();
            bytes.clear();
            bytes.asIntBuffer()
                    .put(((java.awt.image.DataBufferInt) screen.getRaster().getDataBuffer()).getData());
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            written++;
        }
    }

    private static String sentence(Random random, int words) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < words; i++) {
            text.append(WORDS[random.nextInt(WORDS.length)]).append(i % 9 == 8 ? ", " : " ");
        }
        return text.toString();
    }

    private static void desktop(Graphics2D to) {
        to.setPaint(new java.awt.GradientPaint(0, 0, new Color(0x2A4B6E), 0, HEIGHT, new Color(0x10202F)));
        to.fillRect(0, 0, WIDTH, HEIGHT);
        to.setColor(new Color(0x202326));
        to.fillRect(0, HEIGHT - 36, WIDTH, 36);
    }

    private static void window(Graphics2D to, int x, int y, int width, int height, String title, Color ground) {
        to.setColor(new Color(0x30363D));
        to.fillRect(x, y, width, 28);
        to.setColor(Color.WHITE);
        to.setFont(SANS);
        to.drawString(title, x + 10, y + 20);
        to.setColor(ground);
        to.fillRect(x, y + 28, width, height - 28);
        to.setColor(new Color(0x60666D));
        to.setStroke(new BasicStroke(1));
        to.drawRect(x, y, width - 1, height - 1);
    }

    private void typing(FileChannel out) throws IOException {
        Random random = new Random(1);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 38; i++) {
            lines.add(sentence(random, 3 + random.nextInt(9)));
        }
        String typed = sentence(random, 60);
        scene(out, "typing", (to, frame) -> {
            desktop(to);
            window(to, 240, 80, 1300, 860, "Notes", Color.WHITE);
            to.setFont(MONO);
            to.setColor(new Color(0x202020));
            for (int i = 0; i < lines.size(); i++) {
                to.drawString(lines.get(i), 260, 135 + i * 20);
            }
            String now = typed.substring(0, frame + 5);
            to.drawString(now, 260, 135 + lines.size() * 20);
            to.fillRect(260 + to.getFontMetrics().stringWidth(now), 123 + lines.size() * 20, 2, 15);
        });
    }

    private void terminal(FileChannel out) throws IOException {
        Random random = new Random(2);
        Color[] colours = {
            new Color(0xD0D0D0), new Color(0x4EC94E), new Color(0x5C9DFF), new Color(0xE0A040), new Color(0xD0D0D0)
        };
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 60 + 3 * frames; i++) {
            lines.add("%08x  %s".formatted(random.nextInt(), sentence(random, 4 + random.nextInt(12))));
        }
        scene(out, "terminal scrolls 3 lines", (to, frame) -> {
            desktop(to);
            window(to, 100, 40, 1600, 960, "Terminal", new Color(0x101418));
            to.setFont(MONO);
            for (int i = 0; i < 48; i++) {
                int line = frame * 3 + i;
                to.setColor(colours[line * 7 % colours.length]);
                to.drawString(lines.get(line), 108, 88 + i * 19);
            }
        });
    }

    private void drag(FileChannel out) throws IOException {
        BufferedImage wallpaper = Photos.photo(WIDTH, HEIGHT, 3);
        Random random = new Random(3);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 26; i++) {
            lines.add(sentence(random, 4 + random.nextInt(6)));
        }
        int[] x = {120};
        int[] y = {90};
        scene(out, "window dragged over a photo", (to, frame) -> {
            if (frame > 0) {
                x[0] += 3 + random.nextInt(9);
                y[0] += random.nextInt(9) - 2;
            }
            to.drawImage(wallpaper, 0, 0, null);
            window(to, x[0], y[0], 900, 600, "Report", new Color(0xFAFAFA));
            to.setFont(SANS);
            to.setColor(new Color(0x222222));
            for (int i = 0; i < lines.size(); i++) {
                to.drawString(lines.get(i), x[0] + 16, y[0] + 60 + i * 21);
            }
        });
    }

    private void web(FileChannel out) throws IOException {
        Random random = new Random(4);
        int length = HEIGHT + 90 * frames + 400;
        BufferedImage page = new BufferedImage(WIDTH, length, BufferedImage.TYPE_INT_RGB);
        Graphics2D p = page.createGraphics();
        p.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        p.setColor(Color.WHITE);
        p.fillRect(0, 0, WIDTH, length);
        int y = 60;
        while (y < length - 60) {
            p.setColor(new Color(0x1A1A1A));
            p.setFont(TITLE);
            p.drawString(sentence(random, 6), 320, y);
            y += 36;
            BufferedImage picture = Photos.photo(420, 280, y);
            p.drawImage(picture, 1160, y, null);
            p.setFont(SANS);
            for (int i = 0; i < 16; i++) {
                p.setColor(i % 5 == 4 ? new Color(0x0B57D0) : new Color(0x303030));
                p.drawString(sentence(random, 12), 320, y + 18 + i * 22);
            }
            y += 420;
        }
        p.dispose();
        scene(out, "web page scrolls", (to, frame) -> {
            to.drawImage(page, 0, 90 - frame * 90, null);
            to.setColor(new Color(0xDEE1E6));
            to.fillRect(0, 0, WIDTH, 90);
            to.setColor(Color.WHITE);
            to.fillRect(140, 50, 1400, 30);
            to.setColor(Color.BLACK);
            to.setFont(SANS);
            to.drawString("https://docs.example/oriel/displays", 156, 70);
            to.setColor(new Color(0xC0C0C0));
            to.fillRect(WIDTH - 14, 90 + frame * 18, 14, 120);
        });
    }

    private void office(FileChannel out) throws IOException {
        Random random = new Random(5);
        String[] cells = new String[40 * 14];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = random.nextInt(3) == 0 ? WORDS[random.nextInt(WORDS.length)] : "" + random.nextInt(100_000);
        }
        List<String> mail = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            mail.add(sentence(random, 9));
        }
        scene(out, "windows raised, menus, resize", (to, frame) -> {
            desktop(to);
            int step = frame % 8;
            boolean mailOnTop = frame / 8 % 2 == 0;
            if (mailOnTop) {
                sheet(to, cells, 0);
                mail(to, mail, 0);
            } else {
                mail(to, mail, 0);
                sheet(to, cells, step < 4 ? step * 40 : 120);
            }
            if (step >= 2 && step <= 5) {
                int x = mailOnTop ? 720 : 140;
                window(to, x, 190, 260, 420, "", new Color(0xF5F5F5));
                for (int i = 0; i < 16; i++) {
                    if (i == step * 2) {
                        to.setColor(new Color(0x3584E4));
                        to.fillRect(x + 4, 222 + i * 24, 252, 24);
                    }
                    to.setColor(i == step * 2 ? Color.WHITE : Color.BLACK);
                    to.drawString(WORDS[i] + " " + WORDS[i + 8], x + 18, 239 + i * 24);
                }
            }
        });
    }

    private static void mail(Graphics2D to, List<String> lines, int grow) {
        window(to, 680, 150, 1100 + grow, 780, "Mail", new Color(0xFCFCFC));
        to.setFont(SANS);
        for (int i = 0; i < lines.size(); i++) {
            to.setColor(i % 2 == 0 ? new Color(0xEEF2F6) : new Color(0xFCFCFC));
            to.fillRect(690, 200 + i * 24, 1080, 24);
            to.setColor(new Color(0x303030));
            to.drawString(lines.get(i), 700, 217 + i * 24);
        }
    }

    private static void sheet(Graphics2D to, String[] cells, int grow) {
        window(to, 90, 60, 1200 + grow, 900, "Sheet", Color.WHITE);
        to.setFont(SANS);
        for (int i = 0; i < cells.length; i++) {
            int x = 96 + i % 14 * 85;
            int y = 120 + i / 14 * 20;
            to.setColor(new Color(0xD8D8D8));
            to.drawRect(x, y, 85, 20);
            to.setColor(new Color(0x202020));
            to.drawString(cells[i], x + 4, y + 15);
        }
    }

    private void photos(FileChannel out) throws IOException {
        scene(
                out,
                "unrelated photos",
                (to, frame) -> to.drawImage(Photos.photo(WIDTH, HEIGHT, 600 + frame), 0, 0, null));
    }

    private void video(FileChannel out, String name, int width, int height) throws IOException {
        BufferedImage world = Photos.photo(width + 400, height + 300, 7);
        BufferedImage actor = Photos.photo(260, 320, 8);
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int x = (WIDTH - width) / 2;
        int y = (HEIGHT - height) / 2;
        scene(out, name, (to, frame) -> {
            Graphics2D g = picture.createGraphics();
            g.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
            double t = frame / 30.0;
            g.translate(-200 - 90 * Math.sin(t), -150 - 60 * Math.cos(1.3 * t));
            g.scale(1 + 0.04 * t, 1 + 0.04 * t);
            g.drawImage(world, 0, 0, null);
            g.translate(500 + 240 * Math.sin(2 * t), 320 + 90 * Math.cos(3 * t));
            g.rotate(0.3 * Math.sin(t));
            g.drawImage(actor, 0, 0, null);
            g.dispose();
            if (frame == 0 && width < WIDTH) {
                desktop(to);
                window(to, x - 1, y - 29, width + 2, height + 30, "Film", Color.BLACK);
            }
            to.drawImage(picture, x, y, null);
        });
    }
}
