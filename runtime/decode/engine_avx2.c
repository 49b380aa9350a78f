/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled with -mavx2 on x86-64 and only called where the processor has it. */
#include "decode/engine.h"

#include "base/cpu.h"

#if defined(__AVX2__)
#define ENGINE_NAME   "avx2"
#define ENGINE_OBJECT engine_object_avx2
extern const struct engine engine_object_avx2;

#include "decode/engine.inc"

const struct engine *engine_avx2(void)
{
    return cpu_has_avx2() ? &engine_object_avx2 : NULL;
}
#else
const struct engine *engine_avx2(void)
{
    return NULL;
}
#endif
