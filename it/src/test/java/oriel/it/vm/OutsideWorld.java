package oriel.it.vm;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** What there is to reach in a network namespace: a page, and a resolver for which every name is the page's. */
final class OutsideWorld {
    private static final byte[] PAGE = "the world says hello\n".getBytes(UTF_8);
    private static final int ANSWER = 16;

    private OutsideWorld() {}

    /** Runs until it is killed. */
    public static void main(String[] arguments) throws IOException {
        InetAddress here = InetAddress.getByName("192.0.2.1");
        HttpServer pages = HttpServer.create(new InetSocketAddress(here, 80), 0);
        pages.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, PAGE.length);
            exchange.getResponseBody().write(PAGE);
            exchange.close();
        });
        pages.start();
        try (DatagramSocket names = new DatagramSocket(53, here)) {
            DatagramPacket packet = new DatagramPacket(new byte[512], 512);
            while (true) {
                packet.setLength(512);
                names.receive(packet);
                packet.setData(answer(Arrays.copyOf(packet.getData(), packet.getLength()), here));
                names.send(packet);
                packet.setData(new byte[512]);
            }
        }
    }

    /** The question with one address behind it, or without for another type than A (RFC 1035 §4.1). */
    private static byte[] answer(byte[] query, InetAddress address) {
        boolean a = query[query.length - 3] == 1;
        ByteBuffer answer = ByteBuffer.allocate(query.length + ANSWER);
        answer.put(query).putShort(2, (short) 0x8180).putShort(6, (short) (a ? 1 : 0));
        if (a) {
            answer.putShort((short) 0xC00C)
                    .putShort((short) 1)
                    .putShort((short) 1)
                    .putInt(60);
            answer.putShort((short) 4).put(address.getAddress());
        }
        return Arrays.copyOf(answer.array(), answer.position());
    }
}
