package dev.holdfast.transcoding.schema;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.holdfast.core.annotation.Limit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Linker of files with their imports, in any order of addition. For one use. */
final class FileLinker {
  /** The maximum depth of nested imports; deeper ones are refused. */
  @Limit(
      of = "imports of imports in a schema",
      then = "it is refused; of a schema from reflection, a deeper import counts as missing")
  static final int MAX_IMPORT_DEPTH = 200;

  private final Map<String, FileDescriptorProto> files = new TreeMap<>();
  private final Map<String, FileDescriptor> linked = new HashMap<>();
  private final Map<String, String> comments;
  private final Set<String> underWay = new LinkedHashSet<>();

  /** A linker that adds comments of its files to those that are known. */
  FileLinker(Map<String, String> comments) {
    this.comments = comments;
  }

  /** Adds a file; adding an equal file again has no effect. */
  void add(FileDescriptorProto file) {
    if (file.hasSourceCodeInfo()) {
      SchemaComments.collect(file, comments);
    }
    FileDescriptorProto bare = file.toBuilder().clearSourceCodeInfo().build();
    FileDescriptorProto other = files.putIfAbsent(file.getName(), bare);
    if (other != null && !other.equals(bare)) {
      throw new InvalidSchemaException(
          file.getName() + ": there twice with different content (expected: one file of a name)");
    }
  }

  /** The files without comments and positions, by name. */
  Collection<FileDescriptorProto> files() {
    return files.values();
  }

  /**
   * All files that can be linked, by name. An import that is missing, or that can't be linked
   * itself, costs only files that need its types.
   *
   * @param unlinked gets the reasons of the others, by their names
   */
  Map<String, FileDescriptor> linkAll(Map<String, String> unlinked) {
    Map<String, FileDescriptor> all = new LinkedHashMap<>();
    for (String name : List.copyOf(files.keySet())) {
      FileDescriptor built = linkIfPossible(name, unlinked);
      if (built != null) {
        all.put(name, built);
      }
    }
    return all;
  }

  private @Nullable FileDescriptor linkIfPossible(String name, Map<String, String> unlinked) {
    FileDescriptor known = linked.get(name);
    if (known != null || unlinked.containsKey(name)) {
      return known;
    }
    FileDescriptorProto file = files.get(name);
    if (file == null) {
      FileDescriptor own = WellKnownFiles.BY_NAME.get(name);
      if (own == null || !standsOn(own)) {
        return own;
      }
      file = own.toProto();
      files.put(name, file);
    }
    if (underWay.size() >= MAX_IMPORT_DEPTH || !underWay.add(name)) {
      return null;
    }
    List<FileDescriptor> imports = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    FileDescriptorProto.Builder without =
        file.toBuilder().clearDependency().clearPublicDependency();
    without.clearWeakDependency();
    for (int i = 0; i < file.getDependencyCount(); i++) {
      String imported = file.getDependency(i);
      FileDescriptor built = linkIfPossible(imported, unlinked);
      if (built == null) {
        missing.add(imported);
      } else {
        if (file.getPublicDependencyList().contains(i)) {
          without.addPublicDependency(without.getDependencyCount());
        }
        without.addDependency(imported);
        imports.add(built);
      }
    }
    underWay.remove(name);
    try {
      FileDescriptor built = build(missing.isEmpty() ? file : without.build(), imports);
      linked.put(name, built);
      return built;
    } catch (InvalidSchemaException e) {
      String why = String.valueOf(e.getMessage());
      unlinked.put(
          name,
          missing.isEmpty()
              ? why
              : "%s: imports %s, which can't be had: %s"
                  .formatted(name, String.join(" and ", missing), why));
      return null;
    }
  }

  /** All files that were added, linked, by name. */
  Map<String, FileDescriptor> link() {
    Map<String, FileDescriptor> all = new LinkedHashMap<>();
    for (String name : List.copyOf(files.keySet())) {
      all.put(name, link(name));
    }
    return all;
  }

  private FileDescriptor link(String name) {
    FileDescriptor known = linked.get(name);
    if (known != null) {
      return known;
    }
    FileDescriptorProto file = files.get(name);
    if (file == null) {
      return wellKnown(name);
    }
    if (!underWay.add(name)) {
      throw new InvalidSchemaException(
          name + ": imports itself through " + underWay + " (expected: no circle)");
    }
    if (underWay.size() > MAX_IMPORT_DEPTH) {
      throw new InvalidSchemaException(
          "%s: import %d deep (expected: <= %d)"
              .formatted(name, underWay.size(), MAX_IMPORT_DEPTH));
    }
    List<FileDescriptor> imports = new ArrayList<>();
    for (String imported : file.getDependencyList()) {
      imports.add(link(imported));
    }
    FileDescriptor built = build(file, imports);
    underWay.remove(name);
    linked.put(name, built);
    return built;
  }

  private FileDescriptor wellKnown(String name) {
    FileDescriptor file = WellKnownFiles.BY_NAME.get(name);
    if (file == null) {
      String importer = underWay.stream().reduce(name, (first, second) -> second);
      throw new InvalidSchemaException(
          importer
              + ": imports "
              + name
              + " (expected: a file of the set; protoc adds imports by"
              + " --include_imports)");
    }
    if (!standsOn(file)) {
      return file;
    }
    // A type of one name must be one type, so what it imports is what the set has of that name.
    files.put(name, file.toProto());
    return link(name);
  }

  private boolean standsOn(FileDescriptor file) {
    return file.getDependencies().stream()
        .anyMatch(imported -> files.containsKey(imported.getName()) || standsOn(imported));
  }

  private static FileDescriptor build(FileDescriptorProto file, List<FileDescriptor> imports) {
    try {
      return FileDescriptor.buildFrom(file, imports.toArray(new FileDescriptor[0]));
    } catch (DescriptorValidationException e) {
      throw new InvalidSchemaException(file.getName() + ": " + e.getMessage(), e);
    }
  }
}
