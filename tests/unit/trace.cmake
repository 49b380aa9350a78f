# SPDX-License-Identifier: Apache-2.0
foreach(name compare pointer recording read redact samples)
    clambda_unit_test(${name} LINK trace)
endforeach()
