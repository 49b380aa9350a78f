/* SPDX-License-Identifier: Apache-2.0 */
/* For fuzzers: a check that also says what failed, and the input as a row of small choices. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_SIZE_MAX (1u << 20)

#define FUZZ_CHECK(cond)                                               \
    do {                                                               \
        if (!(cond)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
            abort();                                                   \
        }                                                              \
    } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of the input. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/* 0 at the end. */
static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
    if (!in->left)
        return 0;
    in->left--;
    return *in->at++;
}

/* A copy of at most as many bytes as the next one says, with a NUL behind them; for free. */
static inline char *fuzz_text(struct fuzz_input *in, size_t *out_len)
{
    size_t len = fuzz_byte(in);
    if (len > in->left)
        len = in->left;
    char *text = malloc(len + 1);
    FUZZ_CHECK(text);
    if (len)
        memcpy(text, in->at, len);
    text[len] = '\0';
    in->at += len;
    in->left -= len;
    *out_len = len;
    return text;
}
