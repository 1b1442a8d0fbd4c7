// The guest of the processor benchmark: the first program of a machine. It runs each section for some time and says on
// the serial console what it does, so that the host can put its own CPU time next to it:
//
//   @@ ready                      user space has been reached
//   @@ begin NAME                 the section's work starts
//   @@ end NAME ROUNDS UNITS SUM  it has ended after ROUNDS equal rounds of UNITS units; each round's result was SUM
//   @@ failed NAME WHY            a round came to another result than the first, or a call failed
//   @@ done
//
// Every round of a section does the same work, whatever the machine: instructions counted on one hold for the other.
// A pause before and after the work gives the host time to read its clocks.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;

#define KEEP __attribute__((noinline, noclone))
#define OPAQUE(x) __asm__ volatile("" : "+r"(x)::"memory")

static u8 *buffer; // 16 MiB, touched

// Where copies go to: not a power of two behind their source, or a small translation cache thrashes; aliasing has a
// section of its own.
enum { TARGET = (8 << 20) + 17 * 4096 };

static u64 hash_bytes(u64 hash, const void *bytes, size_t size) {
    const u8 *b = bytes;
    for (size_t i = 0; i < size; i++) hash = (hash ^ b[i]) * 0x100000001B3ull;
    return hash;
}

static u64 xorshift(u64 *state) {
    u64 x = *state;
    x ^= x << 13; x ^= x >> 7; x ^= x << 17;
    return *state = x;
}

// ---- computing ------------------------------------------------------------------------------------------------------

static u64 integer_loop(void) {
    u64 a = 1, b = 2, c = 3;
    for (u32 i = 0; i < 4000000; i++) {
        OPAQUE(a);
        a += b ^ i; b += c + (a >> 3); c ^= a + (b << 1);
    }
    return a ^ b ^ c;
}

static u64 branches(void) {
    u64 state = 88172645463325252ull, odd = 0, big = 0, both = 0;
    for (u32 i = 0; i < 500000; i++) {
        u64 x = xorshift(&state);
        if (x & 1) odd += x & 0xFF; else OPAQUE(odd);
        if (x > 1ull << 63) big++; else OPAQUE(big);
        if ((x & 0x1002) == 0x1002) both += i; else OPAQUE(both);
    }
    return odd * 31 + big * 7 + both;
}

static u64 byte_loop(void) {
    u8 *b = buffer;
    for (u32 i = 0; i < 65536; i++) b[i] = i * 7 + (i >> 8);
    u64 hash = 1;
    for (u32 k = 0; k < 16; k++) hash = hash_bytes(hash, b, 65536);
    return hash;
}

static u64 sieve(void) {
    u8 *composite = buffer;
    u32 limit = 1 << 20, primes = 0;
    memset(composite, 0, limit);
    for (u32 i = 2; i < limit; i++) {
        if (composite[i]) continue;
        primes++;
        for (u64 j = (u64)i * i; j < limit; j += i) composite[j] = 1;
    }
    return primes;
}

static KEEP u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static u64 calls(void) { return fibonacci(27); }

static KEEP u64 add3(u64 x) { return x + 3; }
static KEEP u64 twice(u64 x) { return x * 2 + 1; }
static KEEP u64 mix(u64 x) { return x ^ (x >> 5); }
static KEEP u64 turn(u64 x) { return x << 7 | x >> 57; }

static u64 indirect_calls(void) {
    static u64 (*volatile table[4])(u64) = {add3, twice, mix, turn};
    u64 x = 1, order = 0x9E3779B97F4A7C15ull;
    for (u32 i = 0; i < 500000; i++) {
        order = order << 1 | order >> 63;
        x = table[order & 3](x);
    }
    return x;
}

// An interpreter's loop: one indirect jump for each operation of a small made-up machine.
static u64 bytecode(void) {
    static const u8 program[] = {0, 1, 2, 3, 1, 4, 2, 5, 0, 6, 7};
    static const void *const labels[] = {&&op0, &&op1, &&op2, &&op3, &&op4, &&op5, &&op6, &&op7};
    u64 a = 1, b = 2;
    u32 rounds = 80000, pc = 0;
#define NEXT goto *labels[program[pc++]]
    NEXT;
op0: a += b; NEXT;
op1: b ^= a << 3; NEXT;
op2: a = a * 5 + 1; NEXT;
op3: b -= a >> 7; NEXT;
op4: a |= b & 0xFF; NEXT;
op5: b = b >> 1 | b << 63; NEXT;
op6: a ^= b; NEXT;
op7: if (--rounds == 0) return a ^ b;
    pc = 0;
    NEXT;
}

static void quicksort(u32 *v, long low, long high) {
    while (low < high) {
        u32 pivot = v[(low + high) / 2];
        long i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i <= j) { u32 t = v[i]; v[i++] = v[j]; v[j--] = t; }
        }
        if (j - low < high - i) { quicksort(v, low, j); low = i; } else { quicksort(v, i, high); high = j; }
    }
}

static u64 sort(void) {
    u32 *v = (u32 *)buffer, n = 100000;
    u64 state = 42;
    for (u32 i = 0; i < n; i++) v[i] = xorshift(&state) >> 32;
    quicksort(v, 0, n - 1);
    for (u32 i = 1; i < n; i++) if (v[i - 1] > v[i]) return 0;
    return hash_bytes(1, v, n * 4);
}

// 3000 functions, together some 220,000 instructions, called with a skewed distribution: what the first minute of a
// system looks like.
static u32 cold_data[4096];

#define COLD(n) \
    static KEEP u64 cold_##n(u64 x, u32 i) { \
        u64 y = x * (2 * (1##n##ull * 2654435761) + 1) + i, z = x ^ 1##n; \
        u32 *d = &cold_data[1##n * 37 % 4000]; \
        if (y >> (1##n % 37) & 1) { d[0] += y; z += y >> 5; } else { d[1] ^= z; y -= 1##n; } \
        for (u32 k = 0; k < 1##n % 3; k++) { z = z << 9 | z >> 55; d[k + 2] = z + k; } \
        if ((u32)z < (u32)y) y += d[3]; else z ^= d[4] + (y << 3); \
        if (d[5] > 1##n * 1000u) d[5] = z; else d[6] = d[5] + i; \
        switch ((z ^ 1##n) & 3) { \
            case 0: y ^= z >> 11; break; \
            case 1: y += z * 5; d[7]++; break; \
            case 2: d[8] = y >> 32; break; \
            default: y = ~y - d[9]; \
        } \
        return y + z; \
    }
#define TEN(m, a) m(a##0) m(a##1) m(a##2) m(a##3) m(a##4) m(a##5) m(a##6) m(a##7) m(a##8) m(a##9)
#define HUNDRED(m, a) \
    TEN(m, a##0) TEN(m, a##1) TEN(m, a##2) TEN(m, a##3) TEN(m, a##4) TEN(m, a##5) TEN(m, a##6) TEN(m, a##7) TEN(m, a##8) TEN(m, a##9)
#define THOUSAND(m, a) \
    HUNDRED(m, a##0) HUNDRED(m, a##1) HUNDRED(m, a##2) HUNDRED(m, a##3) HUNDRED(m, a##4) \
    HUNDRED(m, a##5) HUNDRED(m, a##6) HUNDRED(m, a##7) HUNDRED(m, a##8) HUNDRED(m, a##9)
#define ALL(m) THOUSAND(m, 0) THOUSAND(m, 1) THOUSAND(m, 2)
#define NAME(n) cold_##n,

ALL(COLD)
static u64 (*const cold_functions[])(u64, u32) = {ALL(NAME)};
enum { cold_count = sizeof cold_functions / sizeof *cold_functions };

static u64 cold_code(void) {
    memset(cold_data, 0, sizeof cold_data);
    u64 state = 7, x = 1;
    for (u32 i = 0; i < 20000; i++) {
        u64 r = xorshift(&state);
        u64 uniform = r >> 40;                                           // 24 bits
        u32 index = ((uniform * uniform >> 24) * uniform >> 24) * cold_count >> 24; // cubed: few are hot, all are met
        x = cold_functions[index](x, i);
    }
    return x;
}

// ---- floating point -------------------------------------------------------------------------------------------------

static u64 sse_double(void) { // Mandelbrot's set, coarse
    u64 inside = 0;
    for (int py = 0; py < 64; py++) {
        for (int px = 0; px < 64; px++) {
            double cx = px * (3.0 / 64) - 2, cy = py * (2.0 / 64) - 1, x = 0, y = 0;
            int n = 0;
            while (n < 200 && x * x + y * y < 4) { double t = x * x - y * y + cx; y = 2 * x * y + cy; x = t; n++; }
            inside += n;
        }
    }
    return inside;
}

static u64 sse_packed(void) { // single precision matrix product; the compiler packs four
    enum { N = 64 };
    static float a[N][N], b[N][N], c[N][N];
    for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) { a[i][j] = i + j * 0.5f; b[i][j] = i - j * 0.25f; c[i][j] = 0; }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            typedef float quad __attribute__((vector_size(16)));
            quad s = {a[i][k], a[i][k], a[i][k], a[i][k]};
            for (int j = 0; j < N; j += 4) *(quad *)&c[i][j] += s * *(quad *)&b[k][j];
        }
    return hash_bytes(1, c, sizeof c);
}

static u64 x87(void) {
    long double x = 1, sum = 0;
    for (int i = 1; i < 100000; i++) {
        sum += 1 / x;
        x += 2;
        sum = -sum;
    }
    return hash_bytes(1, &sum, 10);
}

// ---- copying --------------------------------------------------------------------------------------------------------

static u64 copy_words(void) {
    u64 *from = (u64 *)buffer, *to = (u64 *)(buffer + TARGET) + 8;
    for (u32 k = 0; k < 4; k++) {
        from[k] += 0x1234567;
        for (u32 i = 0; i < 65536; i++) { u64 w = from[i]; OPAQUE(w); to[i] = w; }
    }
    int equal = memcmp(from, to, 65536 * 8) == 0;
    for (u32 k = 0; k < 4; k++) from[k] = 0;
    return equal;
}

// Pages 64 MiB apart fall into the same place of a translation cache that is indexed by low bits of the address.
enum { ALIASED = 16 };
static u64 *aliased[ALIASED];

static u64 copy_aliased(void) {
    u64 sum = 0;
    for (u32 k = 0; k < 40; k++)
        for (u32 i = 0; i < 512; i++)
            for (u32 page = 0; page + 1 < ALIASED; page++) {
                u64 w = aliased[page][i];
                OPAQUE(w);
                aliased[page + 1][i] = w + 1;
            }
    for (u32 i = 0; i < 512; i++) sum += aliased[ALIASED - 1][i];
    return sum;
}

static void rep_movs(void *to, const void *from, size_t words) {
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}

static u64 copy_string(void) {
    for (u32 k = 0; k < 16; k++) rep_movs(buffer + TARGET, buffer + (k << 16), 65536);
    return 1;
}

static u64 copy_string_short(void) {
    for (u32 k = 0; k < 20000; k++) rep_movs(buffer + TARGET + (k & 63) * 64, buffer + (k & 31) * 128, 8);
    return 1;
}

static u64 fill_string(void) {
    for (u32 k = 0; k < 16; k++) {
        void *to = buffer + TARGET;
        size_t words = 65536;
        __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(0x0101010101010101ull * k) : "memory");
    }
    return buffer[TARGET + 12345];
}

static u64 copy_sse(void) {
    for (u32 k = 0; k < 8; k++) {
        const u8 *from = buffer + (k << 19);
        u8 *to = buffer + TARGET;
        u64 left = 8192;
        __asm__ volatile(
            "1: movdqa (%0), %%xmm0\n movdqa 16(%0), %%xmm1\n movdqa 32(%0), %%xmm2\n movdqa 48(%0), %%xmm3\n"
            "movdqa %%xmm0, (%1)\n movdqa %%xmm1, 16(%1)\n movdqa %%xmm2, 32(%1)\n movdqa %%xmm3, 48(%1)\n"
            "add $64, %0\n add $64, %1\n dec %2\n jnz 1b"
            : "+r"(from), "+r"(to), "+r"(left)::"xmm0", "xmm1", "xmm2", "xmm3", "memory");
    }
    return 1;
}

// ---- the kernel -----------------------------------------------------------------------------------------------------

static u64 system_calls(void) {
    u64 sum = 0;
    for (u32 i = 0; i < 20000; i++) sum += syscall(SYS_getppid);
    return sum + 1;
}

static u64 page_faults(void) {
    size_t size = 4 << 20;
    u8 *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return 0;
    madvise(at, size, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < size; i += 4096) at[i] = 1;
    munmap(at, size);
    return 1;
}

static u64 forks(void) {
    for (u32 i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) _exit(i);
        int status;
        if (child < 0 || waitpid(child, &status, 0) != child || WEXITSTATUS(status) != i) return 0;
    }
    return 1;
}

static u64 pipes(void) { // a byte there and back: two switches of process each
    int there[2], back[2];
    if (pipe(there) || pipe(back)) return 0;
    pid_t child = fork();
    if (child == 0) {
        u8 byte;
        close(there[1]);
        while (read(there[0], &byte, 1) == 1) { byte++; if (write(back[1], &byte, 1) != 1) break; }
        _exit(0);
    }
    u64 sum = 0;
    for (u32 i = 0; i < 1000; i++) {
        u8 byte = i;
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) return 0;
        sum += byte;
    }
    close(there[0]); close(there[1]); close(back[0]); close(back[1]);
    waitpid(child, 0, 0);
    return sum;
}

static u64 files(void) {
    u64 sum = 0;
    for (u32 i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "/tmp/file-%u", i % 50);
        int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
        struct stat about;
        if (file < 0 || write(file, buffer, 5000) != 5000 || fstat(file, &about)) return 0;
        sum += about.st_size + pread(file, buffer + (1 << 20), 3000, 1000);
        close(file);
        if (i % 3 == 0) unlink(name);
    }
    return sum;
}

static u64 run(char *const arguments[], const char *input) {
    int out[2];
    if (pipe(out)) return 0;
    pid_t child = vfork();
    if (child == 0) {
        dup2(open(input, O_RDONLY), 0);
        dup2(out[1], 1);
        execv("/bin/busybox", arguments);
        _exit(127);
    }
    close(out[1]);
    u8 part[4096];
    u64 hash = 1;
    ssize_t got;
    while ((got = read(out[0], part, sizeof part)) > 0) hash = hash_bytes(hash, part, got);
    close(out[0]);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 0;
    return hash;
}

static u64 shell(void) {
    static char script[] =
        "i=0; s=0; while [ $i -lt 1500 ]; do s=$(( (s * 7 + i) % 10007 )); case $s in *7) t=x$s;; *) t=${t%x};; esac; i=$((i+1)); done; echo $s $t";
    return run((char *[]){"busybox", "sh", "-c", script, 0}, "/dev/null");
}

static u64 sha256(void) { return run((char *[]){"busybox", "sha256sum", 0}, "/tmp/text"); }

static u64 gzip(void) { return run((char *[]){"busybox", "gzip", "-c", 0}, "/tmp/text"); }

// ---- code that changes itself ---------------------------------------------------------------------------------------

static u8 *writable_code;

static u64 self_modify(void) {
    u64 sum = 0;
    for (u32 i = 0; i < 2000; i++) {
        memcpy(writable_code + 1, &i, 4);
        sum += ((u32(*)(void))writable_code)();
    }
    return sum;
}

// ---------------------------------------------------------------------------------------------------------------------

static const struct section {
    const char *name;
    u64 (*round)(void);
    u64 units; // of a round, where instructions say nothing: iterations of REP, operations; else 0
} sections[] = {
    {"integer-loop", integer_loop, 0},
    {"branches", branches, 0},
    {"byte-loop", byte_loop, 0},
    {"sieve", sieve, 0},
    {"call-ret", calls, 0},
    {"indirect-calls", indirect_calls, 0},
    {"bytecode-loop", bytecode, 0},
    {"quicksort", sort, 0},
    {"cold-code", cold_code, 0},
    {"sse2-double", sse_double, 0},
    {"sse-packed", sse_packed, 0},
    {"x87", x87, 0},
    {"memcpy-words", copy_words, 0},
    {"memcpy-aliased", copy_aliased, 0},
    {"sse2-copy", copy_sse, 0},
    {"rep-movs", copy_string, 16 * 65536},
    {"rep-movs-short", copy_string_short, 20000 * 8},
    {"rep-stos", fill_string, 16 * 65536},
    {"syscall", system_calls, 0},
    {"page-fault", page_faults, 0},
    {"fork", forks, 0},
    {"pipe", pipes, 0},
    {"files", files, 0},
    {"busybox-sh", shell, 0},
    {"busybox-sha256", sha256, 0},
    {"busybox-gzip", gzip, 0},
    {"self-modify", self_modify, 2000},
};

static void say(const char *format, ...) {
    char line[200];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(1, line, size) != size) _exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void pause_for_clocks(void) { usleep(100000); }

static void measure(const struct section *section, double seconds) {
    say("@@ begin %s\n", section->name);
    pause_for_clocks();
    double end = now() + seconds;
    u64 rounds = 0, first = 0;
    do {
        u64 sum = section->round();
        if (rounds++ == 0) first = sum;
        if (sum != first || sum == 0) {
            say("@@ failed %s round %llu came to %llx, the first to %llx\n", section->name, rounds, sum, first);
            return;
        }
    } while (now() < end);
    say("@@ end %s %llu %llu %llx\n", section->name, rounds, section->units, first);
    pause_for_clocks();
}

static int prepare(void) {
    buffer = mmap(0, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    writable_code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    u8 *apart = mmap(0, (size_t)ALIASED << 26, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (buffer == MAP_FAILED || writable_code == MAP_FAILED || apart == MAP_FAILED) return 0;
    memcpy(writable_code, "\xB8\0\0\0\0\xC3", 6); // mov $0,%eax; ret
    for (u32 i = 0; i < ALIASED; i++) {
        aliased[i] = (u64 *)(apart + ((size_t)i << 26));
        aliased[i][0] = 0;
    }
    int text = open("/tmp/text", O_RDWR | O_CREAT, 0600);
    u64 state = 99;
    for (u32 i = 0; i < 1 << 18; i++) ((u32 *)buffer)[i] = 0x20202020 | (xorshift(&state) & 0x4F07430F);
    int written = text >= 0 && write(text, buffer, 1 << 20) == 1 << 20;
    close(text);
    memset(buffer, 0, 16 << 20);
    return written;
}

// Arguments: seconds a section, then names of sections (none: all). As init they come from the kernel's command line,
// behind what the kernel itself didn't know.
int main(int count, char **arguments) {
    if (getpid() == 1) {
        mkdir("/dev", 0755);
        mkdir("/tmp", 0777);
        mount("none", "/dev", "devtmpfs", 0, 0);
        mount("none", "/tmp", "tmpfs", 0, 0);
        int console = open("/dev/ttyS0", O_RDWR);
        if (console >= 0) { dup2(console, 0); dup2(console, 1); dup2(console, 2); }
    }
    say("@@ ready\n");
    pause_for_clocks();
    while (count > 1 && (arguments[1][0] < '0' || arguments[1][0] > '9')) { count--; arguments++; }
    double seconds = count > 1 ? atof(arguments[1]) : 2;
    if (!prepare()) say("@@ failed preparation\n");
    for (u32 i = 0; i < sizeof sections / sizeof *sections; i++) {
        int wanted = count <= 2;
        for (int k = 2; k < count; k++) wanted |= strcmp(arguments[k], sections[i].name) == 0;
        if (wanted) measure(&sections[i], seconds);
    }
    say("@@ done\n");
    if (getpid() == 1) {
        sync();
        reboot(RB_POWER_OFF);
        for (;;) pause();
    }
    return 0;
}
