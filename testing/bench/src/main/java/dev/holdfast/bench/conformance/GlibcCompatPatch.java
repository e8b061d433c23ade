package dev.holdfast.bench.conformance;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The patch that lets a 64-bit Linux program linked against glibc 2.38 and GCC 13 run on older
 * ones. Such a program often needs only new names of old functions: strtol and its kin as C23 has
 * them (they differ in numbers that begin with 0b), and the start of iostreams. The patch puts the
 * old names and versions into a copy of the program; code is not changed.
 */
final class GlibcCompatPatch {
  private static final int SECTION_OF_NEEDED_VERSIONS = 0x6ffffffe;

  /**
   * The replacements of symbol names. Each new name is shorter than the old one and takes its
   * place.
   */
  private static final List<Map.Entry<String, String>> NAMES =
      List.of(
          Map.entry("__isoc23_strtoull", "strtoull"),
          Map.entry("__isoc23_strtoul", "strtoul"),
          Map.entry("__isoc23_strtoll", "strtoll"),
          Map.entry("__isoc23_strtol", "strtol"),
          Map.entry("_ZSt21ios_base_library_initv", "_ZNSt8ios_base4InitC1Ev"));

  private static final Map<String, String> VERSIONS =
      Map.of("GLIBC_2.38", "GLIBC_2.2.5", "GLIBCXX_3.4.32", "GLIBCXX_3.4");

  private final ByteBuffer program;
  private final int[] names;

  private GlibcCompatPatch(ByteBuffer program, int[] names) {
    this.program = program;
    this.names = names;
  }

  /**
   * A program's bytes with names and versions put back.
   *
   * @throws IOException when it is no such program
   */
  static byte[] adapted(byte[] original) throws IOException {
    byte[] copy = original.clone();
    ByteBuffer program = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
    if (copy.length < 64 || program.getInt(0) != 0x464c457f) {
      throw new IOException("program: no ELF (expected: a Linux program)");
    }
    int sections = (int) program.getLong(0x28);
    int size = program.getShort(0x3a);
    int count = program.getShort(0x3c);
    for (int i = 0; i < count; i++) {
      int section = sections + i * size;
      if (program.getInt(section + 4) == SECTION_OF_NEEDED_VERSIONS) {
        int strings = sections + program.getInt(section + 40) * size;
        int[] names = {(int) program.getLong(strings + 24), (int) program.getLong(strings + 32)};
        GlibcCompatPatch older = new GlibcCompatPatch(program, names);
        older.replaceVersions((int) program.getLong(section + 24));
        older.replaceNames();
        return copy;
      }
    }
    throw new IOException("program: no versions (expected: a program with shared libraries)");
  }

  private void replaceVersions(int first) {
    int library = first;
    int next;
    do {
      int count = program.getShort(library + 2);
      Map<String, Integer> entries = new HashMap<>();
      int entry = library + program.getInt(library + 8);
      for (int i = 0; i < count; i++) {
        entries.put(nameAt(program.getInt(entry + 8)), entry);
        entry += program.getInt(entry + 12);
      }
      VERSIONS.forEach(
          (newer, older) -> {
            Integer wanted = entries.get(newer);
            Integer given = entries.get(older);
            if (wanted != null && given != null) {
              program.putInt(wanted, program.getInt(given));
              program.putInt(wanted + 8, program.getInt(given + 8));
            }
          });
      next = program.getInt(library + 12);
      library += next;
    } while (next != 0);
  }

  private String nameAt(int offset) {
    int from = names[0] + offset;
    int to = from;
    while (program.get(to) != 0) {
      to++;
    }
    byte[] name = new byte[to - from];
    program.get(from, name);
    return new String(name, StandardCharsets.US_ASCII);
  }

  private void replaceNames() {
    int end = names[0] + names[1];
    for (int at = names[0] + 1; at < end; at++) {
      if (program.get(at - 1) != 0) {
        continue;
      }
      String name = nameAt(at - names[0]);
      for (Map.Entry<String, String> replacement : NAMES) {
        if (name.equals(replacement.getKey())) {
          byte[] shorter = new byte[name.length()];
          byte[] letters = replacement.getValue().getBytes(StandardCharsets.US_ASCII);
          System.arraycopy(letters, 0, shorter, 0, letters.length);
          program.put(at, shorter);
        }
      }
      at += name.length();
    }
  }
}
