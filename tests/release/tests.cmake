# SPDX-License-Identifier: Apache-2.0
# What layers/release has built: the files themselves, and that both architectures run.
function(release_test name script)
    add_test(NAME release_${name} COMMAND python3 -B ${CMAKE_SOURCE_DIR}/tests/release/test_${script}.py
        ${CMAKE_BINARY_DIR} ${ARGN})
    set_tests_properties(release_${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
endfunction()

release_test(files files)
release_test(rebuild rebuild ${CLAMBDA_DEPS} arm64)
foreach(arch x86_64 arm64)
    release_test(units_${arch} units ${arch})
    release_test(examples_${arch} examples ${arch})
    foreach(group shutdown snapshot events modules answers stream log)
        release_test(${group}_${arch} integration ${arch} ${group})
    endforeach()
    # one file in /tmp that an example counts in
    set_tests_properties(release_examples_${arch} PROPERTIES RESOURCE_LOCK s3_put_count)
endforeach()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64")
    set(native arm64)
else()
    set(native x86_64)
endif()
foreach(group api crashes program workers)
    release_test(${group}_${native} integration ${native} ${group})
endforeach()
