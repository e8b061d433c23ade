package dev.holdfast.cli.house;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** The methods and type names of one Java source, as the compiler's own parser sees them. */
record JavaShape(List<Method> methods, List<String> typeNames) {
  /** A method with its first and last line. */
  record Method(String name, long firstLine, long lines) {}

  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  // Opening the class files of the JDK is most of the work of a parser that needs none of them.
  private static final JavaFileManager FILES =
      COMPILER.getStandardFileManager(problem -> {}, null, null);

  /** What several rules ask for is parsed once. */
  private static final Map<SourceTree.File, JavaShape> KNOWN = new ConcurrentHashMap<>();

  /** The shape of a file; {@link #parseAll} beforehand makes it cheap for many files. */
  static JavaShape of(SourceTree.File file) {
    if (!KNOWN.containsKey(file)) {
      parseAll(List.of(file));
    }
    return KNOWN.get(file);
  }

  /** Parses files in one run of the parser: starting it costs ten times as much as a file. */
  static void parseAll(List<SourceTree.File> files) {
    Map<URI, SourceTree.File> byUri = new HashMap<>();
    List<Text> sources = files.stream().map(Text::new).toList();
    sources.forEach(source -> byUri.put(source.toUri(), source.file));
    JavacTask task =
        (JavacTask)
            COMPILER.getTask(null, FILES, problem -> {}, List.of("-proc:none"), null, sources);
    SourcePositions positions = Trees.instance(task).getSourcePositions();
    try {
      for (CompilationUnitTree unit : task.parse()) {
        Scanner scanner = new Scanner(positions);
        scanner.scan(unit, null);
        JavaShape shape = new JavaShape(scanner.methods, scanner.typeNames);
        KNOWN.put(byUri.get(unit.getSourceFile().toUri()), shape);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Scanner extends TreePathScanner<@Nullable Void, @Nullable Void> {
    private final SourcePositions positions;
    private final List<Method> methods = new ArrayList<>();
    private final List<String> typeNames = new ArrayList<>();

    Scanner(SourcePositions positions) {
      this.positions = positions;
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, @Nullable Void none) {
      long first = line(positions.getStartPosition(unit(), method));
      long last = line(positions.getEndPosition(unit(), method));
      methods.add(new Method(method.getName().toString(), first, last - first + 1));
      return super.visitMethod(method, null);
    }

    @Override
    public @Nullable Void visitClass(ClassTree type, @Nullable Void none) {
      typeNames.add(type.getSimpleName().toString());
      return super.visitClass(type, null);
    }

    private CompilationUnitTree unit() {
      return getCurrentPath().getCompilationUnit();
    }

    private long line(long position) {
      LineMap lines = unit().getLineMap();
      return position < 0 ? 0 : lines.getLineNumber(position);
    }
  }

  private static final class Text extends SimpleJavaFileObject {
    private final SourceTree.File file;

    Text(SourceTree.File file) {
      super(URI.create("string:///" + file.path()), Kind.SOURCE);
      this.file = file;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return file.text();
    }
  }
}
