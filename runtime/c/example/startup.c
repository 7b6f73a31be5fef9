/* From reset to run(): the vector table, the initial values of variables, and a painted stack. */
#include "board.h"

#define STACK_PAINT 0xCCCCCCCCu

extern uint32_t image_start, data_start, data_end, data_values, bss_start, bss_end, stack_start;

/* Asks the emulator for a service. */
static int semihosting(int operation, const void *arguments)
{
    register int number __asm__("r0") = operation;
    register const void *block __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(number) : "r"(block) : "memory");
    return number;
}

static _Noreturn void finish(int status)
{
    /* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit. */
    const uint32_t arguments[] = {0x20026, (uint32_t)status};
    for (;;)
        semihosting(0x20, arguments);
}

static void fault(void)
{
    print("fault\n");
    finish(1);
}

static void reset(void)
{
#ifdef __ARM_FP
    /* The coprocessor access control register: the FPU may be used. */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    for (uint32_t *to = &data_start, *from = &data_values; to < &data_end;)
        *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;)
        *to++ = 0;
    finish(run());
}

/* The stack is painted before anything uses it, so that this function has none. */
__attribute__((naked)) void paint_stack(void);

void paint_stack(void)
{
    __asm__ volatile(".syntax unified\n\t"
                     "ldr r0, =bss_end\n\t"
                     "ldr r1, =stack_start\n\t"
                     "ldr r2, =%c0\n"
                     "1: str r2, [r0]\n\t"
                     "adds r0, #4\n\t"
                     "cmp r0, r1\n\t"
                     "bne 1b\n\t"
                     "ldr r0, =%c1\n\t"
                     "bx r0" : : "i"(STACK_PAINT), "i"(reset));
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    &stack_start, paint_stack, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault,
};

void print_bytes(const void *bytes, size_t length)
{
    static int standard_output = -1;
    if (standard_output < 0) {
        /* SYS_OPEN of the console for writing: mode 4, and the length of the name. */
        const uint32_t console[] = {(uint32_t) ":tt", 4, 3};
        standard_output = semihosting(0x01, console);
    }
    const uint32_t arguments[] = {(uint32_t)standard_output, (uint32_t)bytes, length};
    semihosting(0x05, arguments);
}

void print(const char *text)
{
    size_t length = 0;
    while (text[length] != 0)
        length++;
    print_bytes(text, length);
}

void print_number(int32_t number)
{
    char digits[11];
    size_t first = sizeof digits;
    uint32_t rest = number < 0 ? -(uint32_t)number : (uint32_t)number;
    do {
        digits[--first] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0)
        digits[--first] = '-';
    print_bytes(digits + first, sizeof digits - first);
}

uint32_t image_bytes(void)
{
    return (uint32_t)&data_values - (uint32_t)&image_start + (uint32_t)&data_end - (uint32_t)&data_start;
}

uint32_t stack_high_water(void)
{
    const volatile uint32_t *word = &bss_end;
    while (word < &stack_start && *word == STACK_PAINT)
        word++;
    return (uint32_t)&stack_start - (uint32_t)word;
}

uint32_t stack_free_at_reset(void)
{
    return (uint32_t)&stack_start - (uint32_t)&bss_end;
}
