"""Everything stands in setup.cfg; here only what it cannot say: meshes/ and models/ travel inside the package."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
DATA = [ROOT / "meshes", ROOT / "models"]
FOLDERS = [folder for data in DATA for folder in (data, *sorted(path for path in data.rglob("*") if path.is_dir()))]
NAMES = [".".join(("synhead_tools", *folder.relative_to(ROOT).parts)) for folder in FOLDERS]
FILES = ["*.npz", "*.webp", "*.json", "*.toml", "*.md", "*.png", "*.safetensors"]

setup(
    packages=find_packages(include=["synhead_tools*"]) + NAMES,
    package_dir={name: str(folder.relative_to(ROOT)) for name, folder in zip(NAMES, FOLDERS, strict=True)},
    package_data=dict.fromkeys(NAMES, FILES),
    include_package_data=False,
)
