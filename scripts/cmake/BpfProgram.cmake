# Kernel programs: NAME.bpf.c -> object -> skeleton header, as interface library NAME_skel.
# Sets MIRUO_HAVE_BPF. What is missing is said once, at configure time.
set(missing "")
if(NOT MIRUO_BPF STREQUAL "OFF")
  file(GLOB bpftool_dirs /usr/lib/linux-tools/* /usr/lib/linux-tools-*)
  find_program(MIRUO_CLANG NAMES clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14)
  find_program(MIRUO_BPFTOOL NAMES bpftool PATHS ${bpftool_dirs} /usr/sbin /sbin)
  pkg_check_modules(LIBBPF IMPORTED_TARGET libbpf>=1.1)
  foreach(part IN ITEMS MIRUO_CLANG MIRUO_BPFTOOL)
    if(NOT ${part})
      string(REPLACE "MIRUO_" "" part ${part})
      string(TOLOWER ${part} part)
      list(APPEND missing ${part})
    endif()
  endforeach()
  if(NOT LIBBPF_FOUND)
    list(APPEND missing "libbpf 1.1")
  endif()
endif()

if(MIRUO_BPF STREQUAL "OFF")
  set(MIRUO_HAVE_BPF FALSE)
elseif(missing)
  set(MIRUO_HAVE_BPF FALSE)
  list(JOIN missing ", " missing)
  if(MIRUO_BPF STREQUAL "ON")
    message(FATAL_ERROR "MIRUO_BPF=ON, but not found: ${missing}")
  endif()
  message(NOTICE "miruo: building without kernel programs, with libpcap only. Not found: ${missing}")
else()
  set(MIRUO_HAVE_BPF TRUE)
endif()

function(bpf_program name)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c)
  # -ffreestanding: clang's own stdint.h, not that of the host's C library; the multiarch directory has asm/types.h
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${MIRUO_CLANG} -target bpf -mcpu=v3 -O2 -g -ffreestanding -Wall -Wextra -Werror
      -I${CMAKE_SOURCE_DIR}/include -I${CMAKE_SOURCE_DIR}/bpf -I/usr/include/${CMAKE_C_LIBRARY_ARCHITECTURE}
      -MD -MF ${object}.d -MT ${object} -c ${source} -o ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${MIRUO_BPFTOOL} gen skeleton ${object} name ${name}_bpf > ${skeleton}
    DEPENDS ${object}
    VERBATIM)
  add_custom_target(${name}_skel_h DEPENDS ${skeleton})
  add_library(${name}_skel INTERFACE)
  add_dependencies(${name}_skel ${name}_skel_h)
  target_include_directories(${name}_skel SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${name}_skel INTERFACE PkgConfig::LIBBPF)
endfunction()
