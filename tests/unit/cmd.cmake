# SPDX-License-Identifier: Apache-2.0
foreach(name doctor options output payloads function)
    clambda_unit_test(${name} LINK cmd)
endforeach()
