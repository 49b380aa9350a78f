# SPDX-License-Identifier: Apache-2.0
foreach(name pointer recording read redact samples)
    clambda_unit_test(${name} LINK trace)
endforeach()
