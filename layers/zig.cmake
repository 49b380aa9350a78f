# SPDX-License-Identifier: Apache-2.0
# zig as the compiler for Lambda: -DCMAKE_TOOLCHAIN_FILE=layers/zig.cmake -DCLAMBDA_TARGET=x86_64|arm64
# -DCLAMBDA_DEPS=the folder that tests/deps --target has filled. layers/release passes all of these.
set(CMAKE_SYSTEM_NAME Linux)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CLAMBDA_TARGET CLAMBDA_DEPS)
set(zig_processor_x86_64 x86_64)
set(zig_processor_arm64 aarch64)
set(CMAKE_SYSTEM_PROCESSOR ${zig_processor_${CLAMBDA_TARGET}})
if(NOT CMAKE_SYSTEM_PROCESSOR OR NOT EXISTS ${CLAMBDA_DEPS}/${CLAMBDA_TARGET}/bin/cc)
    message(FATAL_ERROR "no compiler for '${CLAMBDA_TARGET}' in '${CLAMBDA_DEPS}': run layers/release")
endif()
set(zig_bin ${CLAMBDA_DEPS}/${CLAMBDA_TARGET}/bin)
set(CMAKE_C_COMPILER ${zig_bin}/cc)
# Nothing in C++ is deployed, only handlers of tests are: Debian's compiler has its library ready, zig would
# build its own first, for minutes.
find_program(zig_cxx NAMES ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu-g++)
if(NOT zig_cxx)
    set(zig_cxx ${zig_bin}/c++)
endif()
set(CMAKE_CXX_COMPILER ${zig_cxx})
# no program is linked to look at the compilers, for the same reason
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
# nor, then, to look where the threads are: in a library of their own until glibc 2.34
set(CMAKE_HAVE_LIBC_PTHREAD OFF CACHE BOOL "")
set(CMAKE_HAVE_PTHREADS_CREATE OFF CACHE BOOL "")
set(CMAKE_HAVE_PTHREAD_CREATE ON CACHE BOOL "")
set(CMAKE_AR ${zig_bin}/ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${zig_bin}/ranlib CACHE FILEPATH "")

# No folder of this machine is in the files: the same source gives the same bytes anywhere.
set(CMAKE_C_FLAGS_INIT "-fomit-frame-pointer")
foreach(folder ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
    string(APPEND CMAKE_C_FLAGS_INIT " \"-ffile-prefix-map=${folder}=.\"")
endforeach()
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
foreach(kind EXE MODULE SHARED)
    set(CMAKE_${kind}_LINKER_FLAGS_INIT "-Wl,--build-id=sha1,--hash-style=gnu")
endforeach()
# zig's linker keeps no state of options
set(CMAKE_C_LINK_LIBRARY_USING_WHOLE_ARCHIVE -Wl,--whole-archive "<LINK_ITEM>" -Wl,--no-whole-archive)
set(CMAKE_C_LINK_LIBRARY_USING_WHOLE_ARCHIVE_SUPPORTED TRUE)

# Programs for the other architecture run under user emulation, with Debian's libraries for it.
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL CMAKE_HOST_SYSTEM_PROCESSOR)
    set(CMAKE_CROSSCOMPILING_EMULATOR
        qemu-${CMAKE_SYSTEM_PROCESSOR}-static -L /usr/${CMAKE_SYSTEM_PROCESSOR}-linux-gnu)
endif()
