/* SPDX-License-Identifier: Apache-2.0 */
/* The jail's synthetic /etc. */
#pragma once

#include "jail/build.h"

int etc_build_child(struct build *b, struct err *err) ATTR_CHECK;
