/* What the example programs need of an emulated board: output and an end, by semihosting. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* The program; startup.c calls it after the variables have their values. Its result is the emulator's exit status. */
int run(void);

void print_bytes(const void *bytes, size_t length);
void print(const char *text);
void print_number(int32_t number);

/* Bytes of the image in flash, of the deepest stack so far, and of RAM for the stack. */
uint32_t image_bytes(void);
uint32_t stack_high_water(void);
uint32_t stack_free_at_reset(void);

#endif
