"""Which Nextflow runs the pipeline, and what an older one says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from machines.nextflow_runs import CODE, Pipeline

pytestmark = pytest.mark.pipeline

TOO_OLD = "24.10.5"
# Of the last release before 25.04, without two libraries that Maven Central lacks.
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>deepregfinder</groupId><artifactId>older-nextflow</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>io.nextflow</groupId><artifactId>nextflow</artifactId><version>{TOO_OLD}</version>
    <exclusions>
      <exclusion><groupId>io.seqera</groupId><artifactId>lib-trace</artifactId></exclusion>
      <exclusion><groupId>io.nextflow</groupId><artifactId>nf-httpfs</artifactId></exclusion>
    </exclusions>
  </dependency></dependencies>
</project>"""


@pytest.fixture
def older(pipeline: Pipeline, tmp_path: Path) -> Pipeline:
    """The pipeline with the jars of an older Nextflow."""
    if shutil.which("nextflow"):
        pytest.skip("tools/nextflow would start the nextflow on the PATH, not the older one")
    if not shutil.which("mvn"):
        pytest.fail("mvn is missing: install the package maven", pytrace=False)
    pom, code, launch = tmp_path / "pom.xml", tmp_path / "code", tmp_path / "launch"
    pom.write_text(POM)
    shutil.copytree(pipeline.code, code, symlinks=True)
    launch.mkdir()
    (code / ".tools").unlink()
    fetch = ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies"]
    subprocess.run([*map(str, fetch), f"-DoutputDirectory={code / '.tools/nextflow'}"], check=True)
    return Pipeline(code, launch, pipeline.panel)


def test_an_older_nextflow_stops_with_a_sentence_that_names_both_versions(older, arguments):
    done = older.run("results", *arguments, resume=False)
    assert done.exit_code != 0
    said = f"Nextflow version {TOO_OLD} does not match workflow required version: >=25.04.0"
    assert said in done.output
    assert "Submitted process" not in done.output
    assert "error" not in done.output.lower()


def test_no_feature_flag_of_nextflow_is_used(repository):
    files = [repository / name for name in CODE]
    for folder in ("conf", "functions", "modules", "subworkflows"):
        files += [path for path in (repository / folder).rglob("*") if path.is_file()]
    assert len(files) > 20
    flagged = [
        path for path in files if re.search(r"nextflow\.(preview|enable)\b", path.read_text())
    ]
    assert flagged == []
