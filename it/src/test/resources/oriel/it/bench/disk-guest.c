// The guest of the disk benchmark: the first program of a machine, behind a script that loads the drivers. It reads and
// writes /dev/vda past the guest's page cache (O_DIRECT) and says what each section came to:
//
//   @@ begin NAME                     the section's work starts
//   @@ end NAME REQUESTS BYTES NANOS  it has ended: REQUESTS of BYTES bytes each took NANOS
//   @@ failed WHY
//   @@ done
//
// Requests are at fixed pseudo-random places, the same on every machine. Several at a time go by the kernel's native
// asynchronous interface (io_submit(2)).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64;

enum { MOST = 16, LARGEST = 1 << 20 };

static int disk;
static u64 disk_size, state = 1;
static char *buffers[MOST];

static void say(const char *format, ...) {
    char line[200];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(1, line, length) != length) _exit(1);
}

static u64 nanos(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static u64 place(u64 size, int sequential, u64 number) {
    u64 count = disk_size / size;
    if (sequential) return number % count * size;
    state ^= state << 13; state ^= state >> 7; state ^= state << 17;
    return state % count * size;
}

// What a request writes is never all zero, and differs from what is there.
static void fill(char *buffer, u64 size, u64 number) {
    for (u64 at = 0; at < size; at += 512) *(u64 *)(buffer + at) = number * 0x9E3779B97F4A7C15ull + at + 1;
}

static void section(const char *name, int writing, int sequential, u64 size, int depth, int sync, double seconds) {
    aio_context_t context = 0;
    struct iocb blocks[MOST], *pointers[MOST];
    struct io_event events[MOST];
    if (syscall(SYS_io_setup, MOST, &context) != 0) { say("@@ failed io_setup %d\n", errno); return; }
    state = 88172645463325252ull;
    say("@@ begin %s\n", name);
    u64 begin = nanos(), end = begin + (u64)(seconds * 1e9), done = 0, started = 0;
    int flying = 0, broken = 0, idle[MOST], idles = depth;
    for (int i = 0; i < depth; i++) idle[i] = i;
    do {
        int batch = 0;
        while (idles > 0 && nanos() < end && !broken) {
            int slot = idle[--idles];
            memset(&blocks[slot], 0, sizeof blocks[slot]);
            if (writing) fill(buffers[slot], size, started);
            blocks[slot].aio_data = slot;
            blocks[slot].aio_lio_opcode = writing ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
            blocks[slot].aio_fildes = disk;
            blocks[slot].aio_buf = (u64)buffers[slot];
            blocks[slot].aio_nbytes = size;
            blocks[slot].aio_offset = place(size, sequential, started++);
            pointers[batch++] = &blocks[slot];
        }
        if (batch > 0 && syscall(SYS_io_submit, context, batch, pointers) != batch) { broken = 1; break; }
        flying += batch;
        if (flying == 0) break;
        int came = syscall(SYS_io_getevents, context, 1, MOST, events, 0);
        if (came < 1) { broken = 1; break; }
        for (int i = 0; i < came; i++) {
            broken |= events[i].res != (__s64)size;
            idle[idles++] = events[i].data;
        }
        flying -= came;
        done += came;
        if (sync && fdatasync(disk) != 0) broken = 1;
    } while (1);
    if (broken) say("@@ failed %s\n", name);
    say("@@ end %s %llu %llu %llu\n", name, (unsigned long long)done, (unsigned long long)size,
        (unsigned long long)(nanos() - begin));
    syscall(SYS_io_destroy, context);
    fsync(disk);
}

int main(int count, char **arguments) {
    double seconds = count > 1 ? atof(arguments[1]) : 3;
    disk = open("/dev/vda", O_RDWR | O_DIRECT);
    if (disk < 0 || ioctl(disk, BLKGETSIZE64, &disk_size) != 0) { say("@@ failed /dev/vda %d\n", errno); pause(); }
    for (int i = 0; i < MOST; i++) {
        if (posix_memalign((void **)&buffers[i], 4096, LARGEST) != 0) return 1;
        memset(buffers[i], 0, LARGEST);
    }
    section("read-4k-random", 0, 0, 4096, 1, 0, seconds);
    section("read-4k-random-16", 0, 0, 4096, 16, 0, seconds);
    section("read-1m-sequential", 0, 1, 1 << 20, 1, 0, seconds);
    section("write-4k-random", 1, 0, 4096, 1, 0, seconds);
    section("write-4k-random-16", 1, 0, 4096, 16, 0, seconds);
    section("write-4k-flush", 1, 0, 4096, 1, 1, seconds);
    section("write-1m-sequential", 1, 1, 1 << 20, 1, 0, seconds);
    section("read-4k-again-16", 0, 0, 4096, 16, 0, seconds);
    say("@@ done\n");
    for (;;) pause();
}
