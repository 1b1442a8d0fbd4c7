/* Connects to an RFB server with libvncclient and, whenever a line comes on standard input, writes the picture it has to
 * the file named there: width, height, then 0x00RRGGBB pixels, all as 32-bit integers of this machine.
 * usage: libvncclient_probe PORT ENCODINGS JPEG(0|1) */
#include <poll.h>
#include <rfb/rfbclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void dump(rfbClient *client, const char *path) {
    FILE *file = fopen(path, "wb");
    int32_t size[2] = {client->width, client->height};
    fwrite(size, sizeof size, 1, file);
    fwrite(client->frameBuffer, 4, (size_t)client->width * client->height, file);
    fclose(file);
    puts("dumped");
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        return 2;
    }
    rfbClient *client = rfbGetClient(8, 3, 4);
    client->format.redShift = 16;
    client->format.greenShift = 8;
    client->format.blueShift = 0;
    client->appData.encodingsString = argv[2];
    client->appData.enableJPEG = atoi(argv[3]);
    /* Below 9 it takes raw ZRLE tiles for its own wavelet kind of ZRLE. */
    client->appData.qualityLevel = 9;
    client->appData.useRemoteCursor = FALSE;
    client->canHandleNewFBSize = TRUE;
    client->serverHost = strdup("127.0.0.1");
    client->serverPort = atoi(argv[1]);
    if (!rfbInitClient(client, NULL, NULL)) {
        return 1;
    }
    char path[4096];
    for (;;) {
        struct pollfd input = {.fd = 0, .events = POLLIN};
        if (poll(&input, 1, 0) > 0) {
            if (fgets(path, sizeof path, stdin) == NULL) {
                return 0;
            }
            path[strcspn(path, "\n")] = 0;
            dump(client, path);
        }
        int ready = WaitForMessage(client, 10000);
        if (ready < 0 || (ready > 0 && !HandleRFBServerMessage(client))) {
            return 1;
        }
    }
}
