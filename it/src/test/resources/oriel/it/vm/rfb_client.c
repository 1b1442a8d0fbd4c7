/* A VNC viewer for scripts, on libvncclient. Reads commands from standard input, one a line, and answers each with a
 * line: "type TEXT" and "keys NAME…" press and release keys (the named ones together), "picture FILE" writes width,
 * height and 0x00RRGGBB pixels as 32-bit integers of this machine, "copy TEXT" puts text into the server's clipboard,
 * "pasted FILE" writes the text that came from there last, "size WIDTH HEIGHT" asks for another size.
 * usage: rfb_client PORT */
#include <poll.h>
#include <rfb/rfbclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void handle_messages(rfbClient *client, int milliseconds) {
    int ready = WaitForMessage(client, milliseconds * 1000);
    if (ready < 0 || (ready > 0 && !HandleRFBServerMessage(client))) {
        exit(1);
    }
}

/* A hand is slower than this; what the server says meanwhile is read. */
static void key(rfbClient *client, uint32_t symbol, rfbBool down) {
    SendKeyEvent(client, symbol, down);
    handle_messages(client, 20);
}

static void type(rfbClient *client, const char *text) {
    for (; *text; text++) {
        key(client, (uint8_t)*text, TRUE);
        key(client, (uint8_t)*text, FALSE);
    }
    key(client, XK_Return, TRUE);
    key(client, XK_Return, FALSE);
}

static uint32_t symbol(const char *name) {
    if (!strcmp(name, "Control")) {
        return XK_Control_L;
    }
    if (!strcmp(name, "Alt")) {
        return XK_Alt_L;
    }
    return (uint8_t)name[0];
}

static void keys(rfbClient *client, char *names) {
    uint32_t pressed[8];
    int count = 0;
    for (char *name = strtok(names, " "); name != NULL && count < 8; name = strtok(NULL, " ")) {
        pressed[count] = symbol(name);
        key(client, pressed[count++], TRUE);
    }
    while (count > 0) {
        key(client, pressed[--count], FALSE);
    }
}

static void picture(rfbClient *client, const char *path) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        exit(1);
    }
    int32_t size[2] = {client->width, client->height};
    fwrite(size, sizeof size, 1, file);
    fwrite(client->frameBuffer, 4, (size_t)client->width * client->height, file);
    fclose(file);
}

static char *pasted;

static void got_text(rfbClient *client, const char *text, int length) {
    (void)client;
    free(pasted);
    pasted = strndup(text, (size_t)length);
}

static void write_pasted(const char *path) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        exit(1);
    }
    fputs(pasted == NULL ? "" : pasted, file);
    fclose(file);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        return 2;
    }
    rfbClient *client = rfbGetClient(8, 3, 4);
    client->format.redShift = 16;
    client->format.greenShift = 8;
    client->format.blueShift = 0;
    client->appData.encodingsString = "copyrect zrle";
    client->appData.qualityLevel = 9; /* below, libvncclient takes raw ZRLE tiles for its own wavelet kind of ZRLE */
    client->appData.useRemoteCursor = FALSE;
    client->canHandleNewFBSize = TRUE;
    client->GotXCutText = got_text;
    client->serverHost = strdup("127.0.0.1");
    client->serverPort = atoi(argv[1]);
    if (!rfbInitClient(client, NULL, NULL)) {
        return 1;
    }
    setvbuf(stdin, NULL, _IONBF, 0); /* poll() must see what waits */
    char line[4096];
    for (;;) {
        struct pollfd input = {.fd = 0, .events = POLLIN};
        if (poll(&input, 1, 0) > 0) {
            if (fgets(line, sizeof line, stdin) == NULL) {
                return 0;
            }
            line[strcspn(line, "\n")] = 0;
            if (!strncmp(line, "type ", 5)) {
                type(client, line + 5);
            } else if (!strncmp(line, "keys ", 5)) {
                keys(client, line + 5);
            } else if (!strncmp(line, "picture ", 8)) {
                picture(client, line + 8);
            } else if (!strncmp(line, "copy ", 5)) {
                SendClientCutText(client, line + 5, (int)strlen(line + 5));
            } else if (!strncmp(line, "pasted ", 7)) {
                write_pasted(line + 7);
            } else if (!strncmp(line, "size ", 5)) {
                int width = 0, height = 0;
                sscanf(line + 5, "%d %d", &width, &height);
                SendExtDesktopSize(client, (uint16_t)width, (uint16_t)height);
            } else {
                return 2;
            }
            puts("done");
            fflush(stdout);
        }
        handle_messages(client, 10);
    }
}
