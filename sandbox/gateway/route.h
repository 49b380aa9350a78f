/* SPDX-License-Identifier: Apache-2.0 */
/* Which request means what. Pure. */
#pragma once

enum route_kind {
    ROUTE_EVENT,   /* POST to any path: an event */
    ROUTE_INVOKE,  /* POST to the Invoke API's path: an event, answered as AWS's emulator does */
    ROUTE_HEALTH,  /* GET, HEAD /health */
    ROUTE_NO_POST, /* of /health another method than these: 405 */
    ROUTE_NO_GET,  /* of every other path another method than POST: 405 */
};

enum route_kind route_find(const char *method, const char *path);
