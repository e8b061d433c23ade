# shellcheck shell=bash
# Programs of others that embed published artifacts, for scripts/release and scripts/class-paths.
# Sourced with ROOT set to the repository's directory, after scripts/common.sh. Before Maven is called, VERSION, REPOSITORY (a
# Maven repository with our artifacts) and LOCAL_REPOSITORY are set, the latter by link_repository.
# shellcheck disable=SC2034 # what is set here is used there

DEPENDENCY_PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:$(
  sed -n 's|.*<dependency-plugin.version>\(.*\)</dependency-plugin.version>|\1|p' "$ROOT/pom.xml")
# The class path of all artifacts in both orders: Maven takes the first of two that are as near.
ORDERS=(all all-reversed)

# link_repository FOLDER: makes FOLDER the local repository: that of the user, without our own artifacts. What Maven fetches of
# others it finds in both, and what it fetches of ours goes away with the folder.
link_repository() {
  local own=$HOME/.m2/repository entry
  LOCAL_REPOSITORY=$1
  rm -rf "$LOCAL_REPOSITORY"
  mkdir -p "$own/dev" "$LOCAL_REPOSITORY/dev"
  for entry in "$own"/* "$own"/dev/*; do
    case ${entry#"$own/"} in
      dev | dev/holdfast | 'dev/*') ;;
      *) ln -s "$entry" "$LOCAL_REPOSITORY/${entry#"$own/"}" ;;
    esac
  done
}

# read_artifacts ROOT: sets ARTIFACTS to those of the BOM, each once, in its order.
read_artifacts() {
  mapfile -t ARTIFACTS < <(sed -n 's|.*<artifactId>\(holdfast-[a-z-]*\)</artifactId>.*|\1|p' \
    "$1/integrations/bom/pom.xml" | grep -vE '^holdfast-(parent|bom)$' | awk '!seen[$0]++')
}

# consumer_pom FOLDER NAME ARTIFACT...: the pom of a program that embeds these artifacts.
consumer_pom() {
  local folder=$1/$2 name=$2 artifact
  shift 2
  mkdir -p "$folder"
  {
    # That of the program that is run, without its dependencies.
    sed '/^  <dependencies>$/,/^  <\/dependencies>$/d; /^<\/project>$/d; /<sourceDirectory>/d' \
      "$ROOT/testing/interop/release-consumer/pom.xml" |
      sed "s|<artifactId>release-consumer<|<artifactId>$name-consumer<|"
    echo "  <packaging>pom</packaging>"
    echo "  <dependencies>"
    for artifact in "$@"; do
      echo "    <dependency><groupId>dev.holdfast</groupId><artifactId>$artifact</artifactId></dependency>"
    done
    echo "  </dependencies>"
    echo "</project>"
  } >"$folder/pom.xml"
}

# write_consumers FOLDER ARTIFACT...: a program for each artifact, and one for all of them in each order.
write_consumers() {
  local folder=$1 artifact i name reversed=()
  shift
  for ((i = $#; i > 0; i--)); do reversed+=("${!i}"); done
  for artifact in "$@"; do consumer_pom "$folder" "$artifact" "$artifact"; done
  consumer_pom "$folder" all "$@"
  consumer_pom "$folder" all-reversed "${reversed[@]}"
  {
    echo '<project><modelVersion>4.0.0</modelVersion><groupId>consumer</groupId><artifactId>consumers</artifactId>'
    echo '<version>1</version><packaging>pom</packaging><modules>'
    for name in "$@" "${ORDERS[@]}"; do echo "<module>$name</module>"; done
    echo '</modules></project>'
  } >"$folder/pom.xml"
}

# consumer_maven FOLDER LOG ARGS...: Maven with a local repository that has none of our artifacts but those of REPOSITORY.
consumer_maven() {
  local folder=$1 log=$2
  shift 2
  rm -rf "$LOCAL_REPOSITORY/dev/holdfast"
  ROOT=$folder run_maven "$log" -ntp -Dmaven.repo.local="$LOCAL_REPOSITORY" -Dholdfast.version="$VERSION" \
    -Dholdfast.staging="file://$REPOSITORY" "$@"
}
