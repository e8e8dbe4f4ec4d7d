# SPDX-License-Identifier: BSD-2-Clause
# The kernels that conformance programs are recorded with. Each is a build of seL4 16.0.0 for x86_64 pc99 with one core
# and a root CNode of 2^12 slots; the libsel4 of its programs says what else is special about it, and its
# gen_config.json is what Selkie is told with --kernel-config. record.sh hands the name to the runner.
#
#   selkie_conformance_kernel(NAME LIBSEL4 [SOURCES...]) # of its programs, all

function(selkie_conformance_kernel name libsel4)
    add_library(conformance_${name} OBJECT conformance.c subject.c ${ARGN})
    target_link_libraries(conformance_${name} PRIVATE ${libsel4})
    selkie_sel4_options(conformance_${name})
    set_target_properties(conformance_${name} PROPERTIES SELKIE_LIBSEL4 ${libsel4})
endfunction()

# Sets what was asked for in the caller: the libsel4 of a kernel, and its gen_config.json.
function(selkie_conformance_kernel_find name libsel4 config)
    if(NOT TARGET conformance_${name})
        message(FATAL_ERROR "programs.tsv: no kernel ${name}")
    endif()
    get_target_property(library conformance_${name} SELKIE_LIBSEL4)
    get_target_property(file ${library} SELKIE_KERNEL_CONFIG)
    set(${libsel4} ${library} PARENT_SCOPE)
    set(${config} ${file} PARENT_SCOPE)
endfunction()

selkie_libsel4(sel4_hwdebug OPTIONS --with hardware_debug_api)
selkie_libsel4(sel4_benchmark OPTIONS --with enable_benchmarks --with benchmark_track_utilisation)
selkie_libsel4(sel4_msr OPTIONS --with kernel_x86_dangerous_msr)
selkie_libsel4(sel4_pic OPTIONS --with irq_pic)
selkie_libsel4(sel4_large OPTIONS --xsave-size 832)
selkie_libsel4(sel4_domains OPTIONS --domains 4)

selkie_conformance_kernel(classic-debug sel4)
selkie_conformance_kernel(classic-hwdebug sel4_hwdebug)
selkie_conformance_kernel(classic-benchmark sel4_benchmark)
selkie_conformance_kernel(classic-domains sel4_domains)
selkie_conformance_kernel(classic-msr sel4_msr)
selkie_conformance_kernel(classic-pic sel4_pic)
selkie_conformance_kernel(classic-xsave sel4_large)
selkie_conformance_kernel(mcs-debug sel4_mcs mcs.c)
selkie_conformance_kernel(classic-release sel4_release) # from bench
