# SPDX-License-Identifier: Apache-2.0
foreach(name pointer recording read redact)
    clambda_unit_test(${name} LINK trace)
endforeach()
