package oriel.displayd.viewer;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import oriel.displayd.gateway.RfbTcpServer;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.WireBuffer;
import oriel.displayd.testing.Pictures;
import oriel.displayd.testing.RfbTestClient;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.displayd.video.OpenH264;
import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;
import oriel.hypervisor.sound.PcmFormat;

/** A whole viewer, seen from a client's end of a TCP connection. */
final class ViewerTest {
    private static final int WIDTH = 700;
    private static final int HEIGHT = 500;

    private final List<String> events = new CopyOnWriteArrayList<>();
    private SyntheticDisplay display;
    private DisplayHub hub;
    private RfbTcpServer server;
    private RfbTestClient client;

    @BeforeEach
    void serve() throws IOException {
        display = new SyntheticDisplay(WIDTH, HEIGHT);
        hub = new DisplayHub(2, 3, new ViewerListener() {
            @Override
            public void connected(Viewer viewer) {
                events.add("connected " + viewer.grant().sessionId());
            }

            @Override
            public void firstFrameSent(Viewer viewer) {
                events.add("first frame");
            }

            @Override
            public void disconnected(Viewer viewer, CloseReason reason, String detail) {
                events.add("disconnected " + reason + " " + detail);
            }
        });
        connect(Set.of(Right.VIEW, Right.CONTROL), ClipboardPolicy.BOTH_WAYS);
    }

    private void connect(Set<Right> rights, ClipboardPolicy clipboard) throws IOException {
        connect(new DisplayGrant("s", display, rights, clipboard));
    }

    private void connect(DisplayGrant grant) throws IOException {
        stopServer();
        server = new RfbTcpServer(hub, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), grant);
        client = new RfbTestClient(server.port(), PixelFormat.NATIVE).listen();
    }

    @AfterEach
    void stop() throws IOException {
        stopServer();
        hub.close();
    }

    private void stopServer() throws IOException {
        if (client != null) {
            client.close();
            server.close();
        }
    }

    private void awaitPicture() {
        await().atMost(20, SECONDS).until(() -> {
            assertThat(client.log()).noneMatch(line -> line.startsWith("end java"));
            return Arrays.equals(client.pixels(), display.snapshot());
        });
    }

    private void awaitLog(String line) {
        await().atMost(20, SECONDS).until(() -> client.log().contains(line));
    }

    @ParameterizedTest
    @ValueSource(
            ints = {Encodings.RAW, Encodings.RRE, Encodings.HEXTILE, Encodings.ZLIB, Encodings.TIGHT, Encodings.ZRLE})
    void showsThePictureExactlyWhateverHappens(int encoding) throws IOException {
        Random random = new Random(encoding);
        paintNew(random);
        client.encodings(encoding, Encodings.COPY_RECT, Encodings.EXTENDED_DESKTOP_SIZE);
        client.requestAlways();
        for (int step = 0; step < 60; step++) {
            change(random);
            if (step % 15 == 14) {
                awaitPicture();
            }
        }
        awaitPicture();
        assertThat(client.log()).anyMatch(line -> line.startsWith("rectangle " + encoding + " "));
        assertThat(events).contains("connected s", "first frame");
    }

    private void paintNew(Random random) {
        DisplaySize size = display.size();
        int[] picture = Pictures.paint(Pictures.Kind.BOXES, size.width(), size.height(), random);
        display.paint((to, w, h) -> System.arraycopy(picture, 0, to, 0, picture.length));
    }

    private void change(Random random) {
        DisplaySize size = display.size();
        switch (random.nextInt(10)) {
            case 0 -> {
                display.resize(100 + random.nextInt(700), 100 + random.nextInt(500));
                paintNew(random);
            }
            case 1, 2, 3, 4 -> {
                int distance = 1 + random.nextInt(40);
                int top = random.nextInt(size.height() / 4);
                display.paint((to, w, h) -> {
                    for (int y = top; y < h - distance; y++) {
                        System.arraycopy(to, (y + distance) * w + 5, to, y * w + 5, w - 10);
                    }
                });
            }
            case 5 -> {
                int distance = 1 + random.nextInt(40);
                display.paint((to, w, h) -> {
                    for (int y = h - 1; y >= distance; y--) {
                        System.arraycopy(to, (y - distance) * w, to, y * w, w);
                    }
                });
            }
            default -> {
                int x = random.nextInt(size.width() - 1);
                int y = random.nextInt(size.height() - 1);
                display.fill(
                        x,
                        y,
                        1 + random.nextInt(size.width() - x),
                        1 + random.nextInt(Math.min(size.height() - y, 60)),
                        random.nextInt(1 << 24));
            }
        }
    }

    @Test
    void rectanglesAreStreamedToWhoKnowsLastRect() throws IOException {
        paintNew(new Random(5));
        client.encodings(Encodings.TIGHT, Encodings.LAST_RECT);
        client.requestAlways();
        awaitPicture();
        display.fill(10, 10, 50, 50, 0x00FF00);
        awaitPicture();
        assertThat(client.log()).anyMatch(line -> line.startsWith("last rectangle after "));
    }

    @Test
    void aScrollIsOneCopy() throws IOException {
        int[] noise = Pictures.paint(Pictures.Kind.NOISE, WIDTH, HEIGHT, new Random(1));
        display.paint((to, w, h) -> System.arraycopy(noise, 0, to, 0, noise.length));
        client.encodings(Encodings.ZRLE, Encodings.COPY_RECT);
        client.requestAlways();
        awaitPicture();
        long before = hub.statistics().bytesSent();
        display.paint((to, w, h) -> System.arraycopy(to, 20 * w, to, 0, (h - 20) * w));
        awaitPicture();
        assertThat(client.log()).contains("rectangle 1 " + WIDTH + "×" + (HEIGHT - 20));
        assertThat(hub.statistics().bytesSent() - before).isLessThan(1000);
    }

    /** A scroll in each direction, and a window that is dragged over a photograph: one copy each, then what was uncovered. */
    @ParameterizedTest
    @CsvSource({"0,-20", "0,20", "-31,0", "31,0", "13,-9", "13,9", "-13,-9", "-13,9"})
    void whatMovesInAnyDirectionIsOneCopy(int dx, int dy) throws IOException {
        int[] ground = Pictures.paint(Pictures.Kind.NOISE, WIDTH, HEIGHT, new Random(1));
        int[] window = Pictures.paint(Pictures.Kind.MANY_COLOURS, WIDTH, HEIGHT, new Random(2));
        display.paint((to, w, h) -> drawWindow(to, ground, window, 150, 100));
        client.encodings(Encodings.TIGHT, Encodings.COPY_RECT, Encodings.LAST_RECT);
        client.requestAlways();
        awaitPicture();
        int from = client.log().size();
        display.paint((to, w, h) -> drawWindow(to, ground, window, 150 + dx, 100 + dy));
        awaitPicture();
        List<String> since = List.copyOf(client.log().subList(from, client.log().size()));
        assertThat(since).filteredOn(line -> line.startsWith("rectangle 1 ")).containsExactly("rectangle 1 400×300");
    }

    private static void drawWindow(int[] to, int[] ground, int[] window, int x, int y) {
        System.arraycopy(ground, 0, to, 0, to.length);
        for (int row = 0; row < 300; row++) {
            System.arraycopy(window, row * WIDTH, to, (y + row) * WIDTH + x, 400);
        }
    }

    @Test
    void continuousUpdatesStopWhileFencesAreUnanswered() throws IOException {
        client.answerFences(false);
        client.encodings(Encodings.RAW, Encodings.FENCE, Encodings.CONTINUOUS_UPDATES);
        awaitLog("end of continuous updates");
        client.continuousUpdates(true);
        for (int i = 0; i < 30; i++) {
            long updates = updates();
            display.fill(0, 0, 100, 100, i);
            display.paint((to, w, h) -> Arrays.fill(to, updates % 2 == 0 ? 1 : 2));
        }
        await().atMost(20, SECONDS).until(() -> updates() >= 1);
        // Without an answer at most two updates of this size are ever under way.
        display.fill(0, 0, WIDTH, HEIGHT, 0x777777);
        await().during(200, MILLISECONDS).atMost(20, SECONDS).until(() -> updates() <= 2);
        assertThat(events).contains("connected s");
    }

    private long updates() {
        return client.log().stream().filter("update"::equals).count();
    }

    @Test
    void continuousUpdatesNeedNoRequests() throws IOException {
        client.encodings(Encodings.TIGHT, Encodings.FENCE, Encodings.CONTINUOUS_UPDATES);
        client.continuousUpdates(true);
        for (int i = 1; i < 20; i++) {
            display.fill(i * 7, i * 5, 20, 20, i * 99999 & 0xFFFFFF);
            awaitPicture();
        }
        client.continuousUpdates(false);
        await().atMost(20, SECONDS)
                .until(() -> client.log().stream()
                                .filter("end of continuous updates"::equals)
                                .count()
                        == 2);
    }

    @Test
    void photographsAreLossyFirstAndExactSoonAfter() throws IOException {
        client.encodings(Encodings.TIGHT, Encodings.QUALITY_LEVEL_0 + 6);
        int[] photo = Pictures.paint(Pictures.Kind.GRADIENT, WIDTH, HEIGHT, new Random(1));
        Random random = new Random(2);
        for (int i = 0; i < photo.length; i++) {
            photo[i] ^= random.nextInt(8) * 0x010101;
        }
        display.paint((to, w, h) -> System.arraycopy(photo, 0, to, 0, photo.length));
        client.requestAlways();
        awaitPicture();
        assertThat(client.decoder().jpegRectangles()).isPositive();
    }

    @Test
    void aLargeMovingAreaBecomesAFilmAndIsExactOnceItStops() throws IOException {
        assumeTrue(OpenH264.open() != null, "install libopenh264-7 to test H.264");
        client.encodings(
                Encodings.H264,
                Encodings.TIGHT,
                Encodings.COPY_RECT,
                Encodings.LAST_RECT,
                Encodings.QUALITY_LEVEL_0 + 6);
        client.requestAlways();
        Random random = new Random(4);
        int[][] pictures = new int[4][];
        for (int i = 0; i < pictures.length; i++) {
            pictures[i] = Pictures.paint(Pictures.Kind.GRADIENT, WIDTH, HEIGHT, random);
            for (int p = 0; p < pictures[i].length; p++) {
                pictures[i][p] = pictures[i][p] + i * 0x090909 ^ random.nextInt(8) * 0x010101;
                pictures[i][p] &= 0xFFFFFF;
            }
        }
        AtomicInteger frame = new AtomicInteger();
        await().atMost(60, SECONDS).pollInterval(20, MILLISECONDS).until(() -> {
            int[] next = pictures[frame.incrementAndGet() % pictures.length];
            display.paint(40, 440, (to, w, h) -> {
                for (int y = 40; y < 440; y++) {
                    System.arraycopy(next, y * WIDTH, to, y * WIDTH + 30, 600);
                }
            });
            assertThat(client.log()).noneMatch(line -> line.startsWith("end "));
            return client.decoder().filmRectangles() >= 5;
        });
        awaitPicture();
    }

    @Test
    void announcesWhatItSpeaks() throws IOException {
        display.setCursor(new CursorImage(1, 1, 0, 0, new int[] {0x80FF0040}));
        display.setLeds(2);
        client.encodings(
                Encodings.RAW,
                Encodings.QEMU_POINTER_MOTION,
                Encodings.QEMU_EXTENDED_KEY,
                Encodings.EXTENDED_MOUSE_BUTTONS,
                Encodings.DESKTOP_NAME,
                Encodings.QEMU_LED_STATE,
                Encodings.CURSOR_WITH_ALPHA,
                Encodings.EXTENDED_DESKTOP_SIZE,
                Encodings.EXTENDED_CLIPBOARD);
        client.requestAlways();
        awaitLog("pointer absolute 1");
        awaitLog("acknowledged -258");
        awaitLog("acknowledged -316");
        awaitLog("name synthetic ü");
        awaitLog("alpha cursor 80002080");
        awaitLog("extended size 700×500 reason 0 status 0");
        awaitLog("clipboard 1f000001");
        // The first viewer began to listen before the light was set, or learns of the next one.
        display.setLeds(5);
        awaitLog("leds 5");
        assertThat(client.name()).isEqualTo("synthetic ü");
    }

    @Test
    void aGuestThatDrawsItsOwnCursorHidesTheClients() throws IOException {
        client.encodings(Encodings.RAW, Encodings.CURSOR);
        client.requestAlways();
        awaitLog("cursor 0×0 at 0,0");
        display.setCursor(new CursorImage(9, 2, 3, 1, new int[18]));
        awaitLog("cursor 9×2 at 3,1");
    }

    @Test
    void sizeRequestsAreForwardedAndTheResultIsTold() throws IOException {
        client.encodings(Encodings.RAW, Encodings.EXTENDED_DESKTOP_SIZE);
        client.requestAlways();
        client.send(setDesktopSize(640, 480));
        awaitLog("extended size 700×500 reason 1 status 4");
        assertThat(display.layoutRequests()).containsExactly(MonitorLayout.single(new DisplaySize(640, 480)));
        client.send(setDesktopSize(0, 480));
        awaitLog("extended size 700×500 reason 1 status 3");
        display.resize(640, 480);
        awaitLog("extended size 640×480 reason 0 status 0");
        awaitPicture();
    }

    private static byte[] setDesktopSize(int width, int height) {
        return new byte[] {(byte) 251, 0, (byte) (width >> 8), (byte) width, (byte) (height >> 8), (byte) height, 0, 0};
    }

    /** libvncclient up to 0.9.14 asks with any number that lay on its stack, and doesn't follow a size with a screen 0. */
    @Test
    void aSingleScreenHasOurNumberWhateverTheClientCalledIt() throws Exception {
        client.encodings(Encodings.RAW, Encodings.EXTENDED_DESKTOP_SIZE);
        client.requestAlways();
        WireBuffer out = new WireBuffer(24);
        out.u8(251)
                .u8(0)
                .u16(640)
                .u16(480)
                .u8(1)
                .u8(0)
                .u32(0)
                .u16(0)
                .u16(0)
                .u16(640)
                .u16(480)
                .u32(0);
        client.send(Arrays.copyOf(out.array(), out.size()));
        awaitLog("extended size 700×500 reason 1 status 4");
        display.resize(640, 480);
        awaitLog("extended size 640×480 reason 0 status 0");
        awaitLog("screens 1:0,0+640×480");
    }

    /** Two screens side by side, with numbers of the client's own. */
    private static byte[] setTwoScreens(int left, int right, int height) {
        WireBuffer out = new WireBuffer(40);
        out.u8(251).u8(0).u16(left + right).u16(height).u8(2).u8(0);
        out.u32(70).u16(0).u16(0).u16(left).u16(height).u32(0);
        out.u32(-1).u16(left).u16(0).u16(right).u16(height).u32(5);
        return Arrays.copyOf(out.array(), out.size());
    }

    @Test
    void monitorsAreAskedForAndToldWithTheClientsNumbersOrOurs() throws Exception {
        client.encodings(Encodings.RAW, Encodings.EXTENDED_DESKTOP_SIZE);
        client.requestAlways();
        awaitLog("extended size 700×500 reason 0 status 0");
        client.send(setTwoScreens(320, 240, 200));
        awaitLog("extended size 700×500 reason 1 status 4");
        MonitorLayout two = new MonitorLayout(
                new DisplaySize(560, 200), List.of(new Rectangle(0, 0, 320, 200), new Rectangle(320, 0, 240, 200)));
        assertThat(display.layoutRequests()).containsExactly(two);
        display.divide(two);
        awaitLog("extended size 560×200 reason 0 status 0");
        awaitLog("screens 70:0,0+320×200 4294967295:320,0+240×200");
        awaitPicture();
        client.send(setTwoScreens(320, 240, 200));
        awaitLog("extended size 560×200 reason 1 status 0");

        // The same picture, divided by somebody else.
        display.divide(
                new MonitorLayout(two.size(), List.of(new Rectangle(0, 0, 280, 200), new Rectangle(280, 0, 280, 200))));
        awaitLog("screens 1:0,0+280×200 2:280,0+280×200");
        awaitPicture();
    }

    @Test
    void monitorsThatNoMachineHasAreRefused() throws Exception {
        client.encodings(Encodings.RAW, Encodings.EXTENDED_DESKTOP_SIZE);
        client.requestAlways();
        awaitLog("extended size 700×500 reason 0 status 0");
        byte[] overlapping = setTwoScreens(320, 240, 200);
        overlapping[8 + 16 + 5] = 0x3F; // the second begins one pixel before the first ends
        overlapping[8 + 16 + 4] = 1;
        client.send(overlapping);
        awaitLog("extended size 700×500 reason 1 status 3");
        WireBuffer five = new WireBuffer(100);
        five.u8(251).u8(0).u16(500).u16(100).u8(5).u8(0);
        for (int i = 0; i < 5; i++) {
            five.u32(i).u16(100 * i).u16(0).u16(100).u16(100).u32(0);
        }
        client.send(Arrays.copyOf(five.array(), five.size()));
        awaitLog("extended size 700×500 reason 1 status 2");
        assertThat(display.layoutRequests()).isEmpty();
    }

    @Test
    void aPictureThatTheAdapterCantHoldIsRefused() throws Exception {
        client.encodings(Encodings.RAW, Encodings.EXTENDED_DESKTOP_SIZE);
        client.requestAlways();
        awaitLog("extended size 700×500 reason 0 status 0");
        display.refuseLayouts();
        client.send(setTwoScreens(8000, 8000, 8000));
        awaitLog("extended size 700×500 reason 1 status 2");
    }

    @Test
    void oldClientsLearnTheSizeToo() throws IOException {
        client.encodings(Encodings.RAW, Encodings.DESKTOP_SIZE);
        client.requestAlways();
        awaitPicture();
        display.resize(320, 200);
        display.fill(0, 0, 320, 200, 0x123456);
        awaitLog("size 320×200");
        awaitPicture();
    }

    @Test
    void inputReachesTheMachine() throws IOException {
        client.encodings(Encodings.RAW, Encodings.EXTENDED_MOUSE_BUTTONS);
        client.send(new byte[] {4, 1, 0, 0, 0, 0, 0, 'A'});
        client.send(new byte[] {4, 0, 0, 0, 0, 0, 0, 'A'});
        client.send(new byte[] {(byte) 255, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, (byte) 0xC8});
        client.send(new byte[] {5, 1, 0, 10, 0, 20});
        client.send(new byte[] {5, 0x08, 0, 10, 0, 20});
        client.send(new byte[] {5, (byte) 0x80, (byte) 0xFF, (byte) 0xFF, 0, 20, 1});
        client.send(new byte[] {6, 0, 0, 0, 0, 0, 0, 2, 'h', (byte) 0xFC});
        await().atMost(20, SECONDS).until(() -> display.recordedInput().events().contains("clipboard hü"));
        assertThat(display.recordedInput().events())
                .containsExactly(
                        "down 2a",
                        "down 1e",
                        "up 2a",
                        "up 1e",
                        "down c8",
                        "pointer 10,20 1",
                        "pointer 10,20 0",
                        "wheel 1,0",
                        "pointer 699,20 8",
                        "clipboard hü");
        client.close();
        await().atMost(20, SECONDS)
                .until(() -> display.recordedInput().events().getLast().equals("release all"));
    }

    @Test
    void viewersWithoutControlOnlyLook() throws IOException {
        connect(Set.of(Right.VIEW), ClipboardPolicy.BOTH_WAYS);
        display.recordedInput().events().clear();
        client.encodings(Encodings.RAW, Encodings.EXTENDED_DESKTOP_SIZE);
        client.send(new byte[] {4, 1, 0, 0, 0, 0, 0, 'A'});
        client.send(new byte[] {5, 1, 0, 10, 0, 20});
        client.send(new byte[] {6, 0, 0, 0, 0, 0, 0, 1, 'h'});
        client.send(setDesktopSize(640, 480));
        client.requestAlways();
        awaitLog("extended size 700×500 reason 1 status 1");
        awaitPicture();
        client.close();
        await().atMost(20, SECONDS).until(() -> hub.viewers().isEmpty());
        assertThat(display.recordedInput().events()).isEmpty();
        assertThat(display.layoutRequests()).isEmpty();
    }

    @Test
    void guestTextGoesToPlainAndExtendedClients() throws IOException {
        client.encodings(Encodings.RAW);
        client.requestAlways();
        awaitPicture();
        display.copyText("gr\u00fcn \u20ac");
        awaitLog("text gr\u00fcn ?");
        client.encodings(Encodings.RAW, Encodings.EXTENDED_CLIPBOARD);
        awaitLog("clipboard 1f000001");
        display.copyText("gr\u00fcn\n\u20ac");
        awaitLog("clipboard 08000001");
        client.send(new byte[] {6, 0, 0, 0, -1, -1, -1, -4, 2, 0, 0, 1});
        awaitLog("clipboard 10000001 gr\u00fcn\r\n\u20ac\0");
        client.send(new byte[] {6, 0, 0, 0, -1, -1, -1, -4, 8, 0, 0, 1});
        awaitLog("clipboard 02000001");
    }

    @Test
    void deniedClipboardsStayEmpty() throws IOException {
        connect(Set.of(Right.VIEW, Right.CONTROL), ClipboardPolicy.DENIED);
        display.recordedInput().events().clear();
        client.encodings(Encodings.RAW);
        client.requestAlways();
        awaitPicture();
        display.copyText("secret");
        client.send(new byte[] {6, 0, 0, 0, 0, 0, 0, 1, 'h'});
        client.send(new byte[] {(byte) 248, 0, 0, 0, (byte) 0x80, 0, 0, 0, 1, 7});
        awaitLog("fence answer 07");
        assertThat(client.log()).noneMatch(line -> line.startsWith("text"));
        assertThat(display.recordedInput().events()).isEmpty();
    }

    @Test
    void aStoppedMachineEndsTheConnection() throws IOException {
        client.encodings(Encodings.RAW);
        client.requestAlways();
        awaitPicture();
        display.close("powered off");
        await().atMost(20, SECONDS).until(() -> events.contains("disconnected MACHINE_STOPPED powered off"));
        await().atMost(20, SECONDS).until(() -> client.log().getLast().startsWith("end java.io.EOFException"));
        assertThat(display.listenerCount()).isZero();
    }

    @Test
    void sessionsAreCutByName() throws IOException {
        client.encodings(Encodings.RAW);
        client.requestAlways();
        awaitPicture();
        assertThat(hub.close("other", CloseReason.REVOKED, "")).isZero();
        assertThat(hub.close("s", CloseReason.REVOKED, "by an administrator")).isOne();
        assertThat(events).contains("disconnected REVOKED by an administrator");
        assertThat(hub.statistics().viewers()).isZero();
        assertThat(hub.statistics().bytesSent()).isPositive();
    }

    @Test
    void moreViewersThanAllowedAreTurnedAway() throws IOException {
        try (RfbTestClient second = new RfbTestClient(server.port(), PixelFormat.NATIVE);
                RfbTestClient third = new RfbTestClient(server.port(), PixelFormat.NATIVE)) {
            assertThat(second.name()).isEqualTo(third.name());
            assertThatIOException().isThrownBy(() -> new RfbTestClient(server.port(), PixelFormat.NATIVE).close());
        }
    }

    @Test
    void garbageEndsTheConnectionWithAReason() throws IOException {
        client.send(new byte[] {77});
        await().atMost(20, SECONDS).until(() -> events.contains("disconnected PROTOCOL_ERROR unknown message type 77"));
    }

    @Test
    void tellsWhatTheMachinePlaysWhileItIsWanted() throws IOException {
        client.encodings(Encodings.RAW, Encodings.QEMU_AUDIO);
        client.requestAlways();
        awaitLog("acknowledged " + Encodings.QEMU_AUDIO);
        client.send(HexFormat.of().parseHex("ff010002" + "03" + "02" + "0000bb80"));
        client.send(HexFormat.of().parseHex("ff010000"));
        // Asked and answered, so that what came before is done.
        client.send(HexFormat.of().parseHex("f8000000" + "80000000" + "0101"));
        awaitLog("fence answer 01");
        display.loudspeaker().open(new PcmFormat(48_000, 2));
        awaitLog("audio 1");
        display.loudspeaker().play(new byte[] {1, 2, 3, 4}, 0, 4);
        awaitLog("audio 01020304");
        display.loudspeaker().close();
        awaitLog("audio 0");
        client.send(HexFormat.of().parseHex("ff010001"));
        client.send(HexFormat.of().parseHex("f8000000" + "80000000" + "0102"));
        awaitLog("fence answer 02");
        display.loudspeaker().open(new PcmFormat(48_000, 2));
        client.send(HexFormat.of().parseHex("f8000000" + "80000000" + "0103"));
        awaitLog("fence answer 03");
        assertThat(client.log()).filteredOn("audio 1"::equals).hasSize(1);
    }

    @Test
    void pressesTheMachinesButtonsForWhoMayControlIt() throws IOException {
        List<String> pressed = new CopyOnWriteArrayList<>();
        PowerSwitch machine = new PowerSwitch() {
            @Override
            public void shutDown() {
                pressed.add("shut down");
            }

            @Override
            public void reboot() {
                pressed.add("reboot");
            }

            @Override
            public void reset() {
                pressed.add("reset");
            }
        };
        connect(new DisplayGrant("s", display, Set.of(Right.VIEW, Right.CONTROL), ClipboardPolicy.DENIED, machine));
        client.encodings(Encodings.RAW, Encodings.XVP);
        awaitLog("xvp 000101");
        for (int code = 2; code <= 4; code++) {
            client.send(new byte[] {(byte) 250, 0, 1, (byte) code});
        }
        await().atMost(20, SECONDS)
                .untilAsserted(() -> assertThat(pressed).containsExactly("shut down", "reboot", "reset"));

        connect(new DisplayGrant("s", display, Set.of(Right.VIEW), ClipboardPolicy.DENIED, machine));
        client.encodings(Encodings.RAW, Encodings.XVP);
        client.send(new byte[] {(byte) 250, 0, 1, 4});
        awaitLog("xvp 000100");
        assertThat(client.log()).doesNotContain("xvp 000101");
        assertThat(pressed).hasSize(3);
    }
}
