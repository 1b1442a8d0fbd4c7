// Executes instructions on the host processor for NativeRunner: reads cases from standard input, writes results to
// standard output. Everything lies at fixed addresses below 2 GiB, so that the stub needs no register of its own. Code
// and data end at the end of a page with nothing behind it.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>

#define CODE 0x10000000UL
#define DATA_PAGE 0x20000000UL
#define DATA_SIZE 512
#define DATA (DATA_PAGE + 4096 - DATA_SIZE)
#define STATE 0x30000000UL
#define CODE_SIZE 64
#define FLOATING_IN 0x400
#define FLOATING_OUT 0x600
#define FLOATING_SIZE 512

// At STATE: 0 registers in, 128 flags in, 256 registers out, 384 flags out, 512 host stack pointer, 0x400 and 0x600
// images of FXSAVE64.
extern void enter_guest(void);
extern char leave_guest[];

__asm__(
    ".globl enter_guest\n"
    "enter_guest:\n"
    "  push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "  mov %rsp, 0x30000200\n"
    "  fxrstor64 0x30000400\n"
    "  pushq 0x30000080\n popfq\n"
    "  mov 0x30000000, %rax\n mov 0x30000008, %rcx\n mov 0x30000010, %rdx\n mov 0x30000018, %rbx\n"
    "  mov 0x30000020, %rsp\n mov 0x30000028, %rbp\n mov 0x30000030, %rsi\n mov 0x30000038, %rdi\n"
    "  mov 0x30000040, %r8\n mov 0x30000048, %r9\n mov 0x30000050, %r10\n mov 0x30000058, %r11\n"
    "  mov 0x30000060, %r12\n mov 0x30000068, %r13\n mov 0x30000070, %r14\n mov 0x30000078, %r15\n"
    "  jmp *0x30000300\n"
    ".globl leave_guest\n"
    "leave_guest:\n"
    "  mov %rax, 0x30000100\n mov %rcx, 0x30000108\n mov %rdx, 0x30000110\n mov %rbx, 0x30000118\n"
    "  mov %rsp, 0x30000120\n mov %rbp, 0x30000128\n mov %rsi, 0x30000130\n mov %rdi, 0x30000138\n"
    "  mov %r8, 0x30000140\n mov %r9, 0x30000148\n mov %r10, 0x30000150\n mov %r11, 0x30000158\n"
    "  mov %r12, 0x30000160\n mov %r13, 0x30000168\n mov %r14, 0x30000170\n mov %r15, 0x30000178\n"
    "  mov 0x30000200, %rsp\n pushfq\n popq 0x30000180\n cld\n"
    "  fxsave64 0x30000600\n"
    "  fninit\n pushq $0x1f80\n ldmxcsr (%rsp)\n add $8, %rsp\n"
    "  pushq $0x202\n popfq\n"
    "  pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "  ret\n");

static volatile uint64_t fault_signal, fault_trap, fault_rip;

// Carries on at leave_guest with the registers of the fault.
static void on_fault(int number, siginfo_t *info, void *context) {
    ucontext_t *u = context;
    fault_signal = number;
    fault_trap = u->uc_mcontext.gregs[REG_TRAPNO];
    fault_rip = u->uc_mcontext.gregs[REG_RIP];
    u->uc_mcontext.gregs[REG_RIP] = (greg_t) leave_guest;
    u->uc_mcontext.gregs[REG_EFL] &= ~0x100; // no single step in here
}

static void *map(uint64_t at, size_t size) {
    return mmap((void *) at, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

int main(void) {
    static char alternate[65536];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    int signals[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGTRAP};
    if (map(CODE, 4096) == MAP_FAILED || map(DATA_PAGE, 4096) == MAP_FAILED || map(STATE, 4096) == MAP_FAILED) {
        return 1;
    }
    sigaltstack(&stack, 0);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, 0);
    }
    *(uint64_t *) (STATE + 0x300) = CODE;
    *(uint64_t *) (STATE + 0x308) = (uint64_t) leave_guest;
    unsigned char code[CODE_SIZE];
    while (fread(code, CODE_SIZE, 1, stdin) == 1) {
        if (fread((void *) STATE, 136, 1, stdin) != 1 || fread((void *) DATA, DATA_SIZE, 1, stdin) != 1
            || fread((void *) (STATE + FLOATING_IN), FLOATING_SIZE, 1, stdin) != 1) {
            return 1;
        }
        memcpy((void *) CODE, code, CODE_SIZE);
        // Behind the case: jmp *0x30000308.
        memcpy((void *) (CODE + CODE_SIZE), "\xff\x24\x25\x08\x03\x00\x30", 7);
        fault_signal = fault_trap = fault_rip = 0;
        enter_guest();
        uint64_t status[] = {fault_signal, fault_trap, fault_rip};
        fwrite(status, sizeof status, 1, stdout);
        fwrite((void *) (STATE + 0x100), 136, 1, stdout);
        fwrite((void *) DATA, DATA_SIZE, 1, stdout);
        fwrite((void *) (STATE + FLOATING_OUT), FLOATING_SIZE, 1, stdout);
    }
    return 0;
}
