/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define LOOP_TRIES 64

static int loop_open_control(struct err *err)
{
    int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT &&
        mknod("/dev/loop-control", S_IFCHR | 0600, makedev(10, 237)) == 0)
        fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    err_sys(err, "open '/dev/loop-control'");
    err->kind = ERR_HOST;
    return err_wrap(err, "no loop devices (modprobe loop; in a container: pass /dev/loop-control)");
}

/* The kernel makes the node in devtmpfs; a container's /dev may lack it. */
static int loop_open_device(int number, char name[LOOP_NAME_MAX])
{
    snprintf(name, LOOP_NAME_MAX, "/dev/loop%d", number);
    int fd = open(name, O_RDWR | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT)
        return fd;

    char path[64], text[32] = "";
    unsigned major, minor;
    snprintf(path, sizeof path, "/sys/block/loop%d/dev", number);
    AUTO_FD int sys = open(path, O_RDONLY | O_CLOEXEC);
    if (sys < 0 || read(sys, text, sizeof text - 1) <= 0 ||
        sscanf(text, "%u:%u", &major, &minor) != 2) {
        errno = ENOENT;
        return -1;
    }
    if (mknod(name, S_IFBLK | 0600, makedev(major, minor)) < 0 && errno != EEXIST)
        return -1;
    return open(name, O_RDWR | O_CLOEXEC);
}

bool loop_is_there(struct err *err)
{
    char name[LOOP_NAME_MAX];
    AUTO_FD int control = loop_open_control(err);
    int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
    AUTO_FD int device = number < 0 ? -1 : loop_open_device(number, name);
    if (control >= 0 && device < 0)
        err_sys(err, "open a loop device");
    return device >= 0;
}

int loop_open(int image_fd, char name[LOOP_NAME_MAX], struct err *err)
{
    AUTO_FD int control = loop_open_control(err);
    if (control < 0)
        return -1;
    for (int tries = 0; tries < LOOP_TRIES; tries++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0)
            return err_sys(err, "LOOP_CTL_GET_FREE");
        AUTO_FD int device = loop_open_device(number, name);
        if (device < 0 && errno != ENXIO)
            return err_sys(err, "open '%s'", name);
        struct loop_config config = {.fd = (unsigned)image_fd, .info.lo_flags = LO_FLAGS_AUTOCLEAR};
        if (device >= 0 && ioctl(device, LOOP_CONFIGURE, &config) == 0)
            return TAKE_FD(device);
        /* somebody else was faster: ask for the next one */
        if (errno != EBUSY && errno != ENXIO)
            return err_sys(err, "LOOP_CONFIGURE '%s' (Linux 5.8 or newer is needed)", name);
    }
    return err_set(err, ERR_HOST, "no free loop device after %d tries: detach some (losetup -D)",
                   LOOP_TRIES);
}
