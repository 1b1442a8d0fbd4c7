/*
 * Runs single instructions on the processor of this machine, for comparison with the emulated one.
 * Reads a 32-bit count and as many records from standard input, executes them, writes them back; until end of file.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

struct record {
    uint8_t fx[512];      /* 0: FXSAVE64 image */
    uint64_t gpr[6];      /* 512: RAX RCX RDX RBX R8 R9 */
    uint64_t flags;       /* 560 */
    uint64_t signal;      /* 568: signal number, or 0 */
    uint8_t memory[64];   /* 576: RSI points to it, RDI 16 bytes into it */
    uint8_t length;       /* 640 */
    uint8_t code[31];
    uint8_t padding[32];
} __attribute__((aligned(16)));

void run(struct record *record, void *code);

__asm__(
    ".intel_syntax noprefix\n"
    ".globl run\n"
    "run:\n"
    "push rbx; push rbp; push r12; push r13; push r14; push r15\n"
    "mov r13, rdi\n"
    "mov r12, rsi\n"
    "fxrstor64 [r13]\n"
    "mov rax, [r13+512]\n"
    "mov rcx, [r13+520]\n"
    "mov rdx, [r13+528]\n"
    "mov rbx, [r13+536]\n"
    "mov r8, [r13+544]\n"
    "mov r9, [r13+552]\n"
    "lea rsi, [r13+576]\n"
    "lea rdi, [r13+592]\n"
    "push qword ptr [r13+560]\n"
    "popfq\n"
    "call r12\n"
    "pushfq\n"
    "pop [r13+560]\n"
    "cld\n"
    "mov [r13+512], rax\n"
    "mov [r13+520], rcx\n"
    "mov [r13+528], rdx\n"
    "mov [r13+536], rbx\n"
    "mov [r13+544], r8\n"
    "mov [r13+552], r9\n"
    "fxsave64 [r13]\n"
    "fninit\n"
    "push 0x1f80\n"
    "ldmxcsr [rsp]\n"
    "add rsp, 8\n"
    "pop r15; pop r14; pop r13; pop r12; pop rbp; pop rbx\n"
    "ret\n"
    ".att_syntax\n");

static struct record current;
static uint8_t *code;

static void on_signal(int number, siginfo_t *info, void *context) {
    ucontext_t *interrupted = context;
    (void) info;
    current.signal = number;
    interrupted->uc_mcontext.gregs[REG_RIP] = (greg_t) (code + current.length); /* the RET behind the instruction */
}

static int read_all(void *to, size_t size) {
    return fread(to, 1, size, stdin) == size;
}

int main(void) {
    static const int signals[] = {SIGFPE, SIGSEGV, SIGILL, SIGBUS};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, NULL);
    }
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    uint32_t count;
    while (read_all(&count, sizeof count)) {
        struct record *records = aligned_alloc(16, (size_t) count * sizeof *records);
        if (records == NULL || !read_all(records, (size_t) count * sizeof *records)) {
            return 1;
        }
        for (uint32_t i = 0; i < count; i++) {
            current = records[i];
            current.signal = 0;
            memcpy(code, current.code, current.length);
            code[current.length] = 0xC3;
            run(&current, code);
            records[i] = current;
        }
        fwrite(records, sizeof *records, count, stdout);
        fflush(stdout);
        free(records);
    }
    return 0;
}
