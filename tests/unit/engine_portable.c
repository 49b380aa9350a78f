/* SPDX-License-Identifier: Apache-2.0 */
/* The engine that processors without vectors get, on every machine. */
#include "decode/engine.h"

#define ENGINE_PORTABLE 1
#define ENGINE_NAME     "portable"
#define ENGINE_OBJECT   engine_portable
extern const struct engine engine_portable;

#include "decode/engine.inc"
