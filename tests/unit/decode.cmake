# SPDX-License-Identifier: Apache-2.0
foreach(name decode)
    clambda_unit_test(${name} LINK decode_oracle SOURCES unit/engine_portable.c)
endforeach()
