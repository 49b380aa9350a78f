/* SPDX-License-Identifier: Apache-2.0 */
/* The network namespace of a jail without network: loopback, one more address, one listening socket
 * that the host accepts on. */
#pragma once

#include "jail/build.h"

int net_build_child(struct build *b, struct err *err) ATTR_CHECK;
