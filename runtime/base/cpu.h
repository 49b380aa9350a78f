/* SPDX-License-Identifier: Apache-2.0 */
/* What this processor can do. The compiler's own test brings 5 KB of tables along. */
#pragma once

#include <stdbool.h>

/* AVX2, with its registers kept by the system. Asked once; safe on every thread. */
bool cpu_has_avx2(void);

/* The SHA-256 instructions, with the SSE that their use needs. */
bool cpu_has_sha_ni(void);
