/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/engine.h"

#if defined(__SSE2__)
#define ENGINE_NAME "sse2"
#else
#define ENGINE_NAME "portable"
#endif
#define ENGINE_OBJECT engine_base

#include "decode/engine.inc"
