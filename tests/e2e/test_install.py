"""The package as a person installs it: a wheel, and an editable checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from photosearch.cli.demo import find_photos

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

CHECKOUT = Path(__file__).parents[2]
MODEL = "captioner/models/default"
LARGEST_MODEL = LARGEST_WHEEL = 65_000_000  # bytes


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout: building writes into the folder it builds."""
    copy = tmp_path_factory.mktemp("copy") / "photosearch-checkout"
    left_out = shutil.ignore_patterns(
        ".*", "__pycache__", "*.egg-info", "build", "dist", "runs", "*.db", "tests", "benchmarks"
    )
    shutil.copytree(CHECKOUT, copy, ignore=left_out)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", out, checkout)
    (built,) = out.iterdir()
    return built


def pip(python: str | Path, *arguments: str | Path) -> None:
    quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [python, "-m", "pip", *arguments], capture_output=True, text=True, env=quiet
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of links to all that this environment has installed, but for the package itself.

    Naming site-packages as a whole would bring along the photosearch that is installed here.
    """
    folder = tmp_path_factory.mktemp("dependencies")
    ours = ("photosearch", "captioner", "__editable__", "__pycache__", "pip", "setuptools")
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(place).iterdir():
            if not entry.name.startswith(ours) and entry.suffix != ".pth":
                (folder / entry.name).symlink_to(entry)
    return folder


@pytest.fixture
def new_environment(dependencies: Path, tmp_path: Path) -> Path:
    """A new virtual environment that has the dependencies; its folder of programs."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")
    return folder / "bin"


def files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel_holds_two_packages_and_all_their_files(wheel: Path, checkout: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        (points,) = (name for name in sizes if name.endswith("/entry_points.txt"))
        scripts = archive.read(points).decode()
    tops = {name.partition("/")[0] for name in sizes}
    (info,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops == {"captioner", "photosearch", info}
    expected = {f"captioner/{name}" for name in files_below(checkout / "captioner")}
    expected |= {f"photosearch/{name}" for name in files_below(checkout / "photosearch")}
    expected |= {f"photosearch/migrations/{name}" for name in files_below(checkout / "migrations")}
    assert {name for name in sizes if not name.startswith(info)} == expected
    assert {"captioner/py.typed", "photosearch/py.typed"} <= expected
    assert "photosearch/migrations/migrations.py" in expected
    assert any(name.startswith("captioner/splits/") for name in expected)
    assert f"{info}/licenses/LICENSE" in sizes
    assert "photosearch = photosearch.cli:main" in scripts
    assert "captioner = captioner.cli:main" in scripts


def test_wheel_holds_the_model_within_its_limit(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        model = {
            entry.filename.removeprefix(f"{MODEL}/"): entry.file_size
            for entry in archive.infolist()
            if entry.filename.startswith(f"{MODEL}/")
        }
    assert sum(model.values()) <= LARGEST_MODEL
    assert wheel.stat().st_size <= LARGEST_WHEEL
    assert model["model.safetensors"] > 1_000_000  # the weights, not a Git LFS pointer
    assert {"config.json", "vocabulary.txt", "MODEL_CARD.md"} <= set(model)


def use(
    programs: Path,
    home: Path,
    environment: dict[str, str],
    source: Path,
    migrations: Path,
) -> None:
    """Use an installation from another folder; its files must be these."""
    (home / "photos").mkdir(parents=True)
    for photo in find_photos()[:3]:
        shutil.copy(photo, home / "photos")
    variables = {**environment, "PATH": f"{programs}{os.pathsep}{environment['PATH']}"}
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        variables.pop(name, None)

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            [programs / command[0], *command[1:]],
            cwd=home, env=variables, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    script = """
        import captioner, photosearch, photosearch.migrations.migrations as steps
        print(photosearch.__file__, captioner.__file__, steps.__file__, sep="\\n")
    """
    files = run("python", "-c", "\n".join(line.strip() for line in script.splitlines()))
    assert files.splitlines() == [
        str(source / "photosearch" / "__init__.py"),
        str(source / "captioner" / "__init__.py"),
        str(migrations / "migrations.py"),
    ]
    assert run("photosearch", "index", "photos").startswith("3 photos captioned in ")
    (photo, *_) = find_photos()
    assert (
        run("photosearch", "find", "-n", "1", "--paths", photo.stem)
        == f"{home / 'photos' / photo.name}\n"
    )
    assert "photos    3\n" in run("photosearch", "stats")
    assert run("photosearch", "export", "-").count("\r\n") == 4
    assert run("photosearch", "index") == "nothing new, 3 unchanged\n"
    assert "caption" in run("captioner", "--help")


def library_of(home: Path) -> dict[str, str]:
    return {"PHOTOSEARCH_DB": str(home / "library.db")}


def test_wheel_works_from_another_folder(
    wheel: Path,
    new_environment: Path,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    pip(new_environment / "python", "install", "--no-deps", wheel)
    (packages,) = new_environment.parent.glob("lib/python*/site-packages")
    home = tmp_path / "home"
    use(
        new_environment, home, {**environment, **library_of(home)},
        packages, packages / "photosearch" / "migrations",
    )  # fmt: skip


def test_editable_install_works_from_another_folder(
    checkout: Path,
    new_environment: Path,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    pip(new_environment / "python", "install", "--no-deps", "--editable", checkout)
    home = tmp_path / "home"
    use(
        new_environment, home, {**environment, **library_of(home)},
        checkout, checkout / "migrations",
    )  # fmt: skip
