"""What the APIs of both spaces have in common: their state and their architectures."""

from __future__ import annotations

import copy
import random
import warnings
from collections import OrderedDict
from operator import index as as_integer
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from nbframes.compat.nats_bench.archive import Archive, spelled
from nbframes.compat.nats_bench.files import time_string
from nbframes.compat.nats_bench.results import ArchResults
from nbframes.compat.nats_bench.stored import StoredRun
from nbframes.compat.sources import COSTS, find_records, names_official_file

if TYPE_CHECKING:
    from nbframes.compat.nats_bench.archive import ByIndex
    from nbframes.store import Store


class State:
    """State of an API: what is there, what was asked for, how much time was simulated."""

    _benchmarks: ClassVar[tuple[str, ...]]
    """Benchmarks that can answer, the preferred first."""
    _spelled: ClassVar[dict[str, str]] = {}
    """Our spelling of the schedules of upstream's file, where they differ."""
    _space: str
    _base_names: list[str]
    _full_train_epochs: int
    _kind: ClassVar[type[ArchResults]] = ArchResults
    _stored: ClassVar[type[StoredRun]] = StoredRun

    def __init__(
        self,
        file_path_or_dict: str | PathLike[str] | Store | dict[str, Any] | None = None,
        fast_mode: bool = False,
        verbose: bool = True,
    ) -> None:
        self._fast_mode = fast_mode
        self._search_space_name = self._space
        self._all_base_names = self._base_names
        self.filename: str | None = None
        self._archive_dir: str | None = None
        self.reset_time()
        self.verbose = verbose
        self._archive = self._open(file_path_or_dict)
        self.meta_archs = self._archive.arch_strings
        self.archstr2index = {arch: position for position, arch in enumerate(self.meta_archs)}
        self._asked: OrderedDict[int, OrderedDict[str, ArchResults]] = OrderedDict()
        self.evaluated_indexes = set() if self._archive_dir else self._archive.evaluated
        self._avaliable_hps = set() if self._archive_dir else self._archive.hps
        if verbose:
            self._say_opened()

    def _open(self, given: str | PathLike[str] | Store | dict[str, Any] | None) -> Archive:
        if isinstance(given, dict):
            return Archive.of_dict(copy.deepcopy(given), self._kind, self._spelled)
        local = isinstance(given, str | PathLike) and "://" not in str(given)
        if local and not Path(str(given)).exists() and not names_official_file(str(given)):
            raise self._nothing_at(str(given))
        store, benchmark = find_records(given, *self._benchmarks, columns=COSTS)
        self.filename = Path(store.root).name
        self._archive_dir = store.root if self._fast_mode else None
        if self.verbose:
            self._say_opening(store.root)
        return Archive.of_store(store, benchmark, self._kind, self._stored)

    def _nothing_at(self, path: str) -> Exception:
        return ValueError(f"{path} is neither a file or a dir.")

    def _say_opening(self, root: str) -> None:
        self._say(f"Try to create the NATS-Bench ({self._space}) api from {root} with fast_mode={self._fast_mode}")

    def _say_opened(self) -> None:
        counts = f"{len(self.evaluated_indexes)}/{len(self.meta_archs)}"
        self._say(f"Create NATS-Bench ({self._space}) done with {counts} architectures avaliable.")

    # What it is

    def __getitem__(self, index: int) -> str:
        return self.meta_archs[index]

    def __len__(self) -> int:
        return len(self.meta_archs)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self.evaluated_indexes)}/{len(self.meta_archs)} architectures, "
            f"fast_mode={self.fast_mode}, file={self.filename})"
        )

    @property
    def arch2infos_dict(self) -> ByIndex:
        """Results by architecture index and schedule: of all, or in fast mode of those asked for so far."""
        return self._asked if self._archive_dir and self.fast_mode else self._archive.infos

    @property
    def avaliable_hps(self) -> list[str]:
        """Schedules seen so far, as upstream spells them."""
        return list(self._avaliable_hps)

    @property
    def used_time(self) -> float:
        """Seconds of training and evaluation simulated so far."""
        return self._used_time

    @property
    def search_space_name(self) -> str:
        """``"topology"`` or ``"size"``."""
        return self._search_space_name

    @property
    def fast_mode(self) -> bool:
        """Whether only architectures that were asked for count as evaluated."""
        return self._fast_mode

    @property
    def archive_dir(self) -> str | None:
        """Root of the store in fast mode."""
        return self._archive_dir

    @property
    def full_train_epochs(self) -> int:
        """Epochs of the full training."""
        return self._full_train_epochs

    @property
    def full_epochs_in_paper(self) -> int:
        """Epochs of the full training."""
        return self._full_train_epochs

    @property
    def is_size(self) -> bool:
        """Whether this is the size space."""
        return self._space == "size"

    @property
    def is_topology(self) -> bool:
        """Whether this is the topology space."""
        return self._space == "topology"

    def reset_archive_dir(self, archive_dir: str | None) -> None:
        """Set `archive_dir`; nothing is read from there."""
        self._archive_dir = archive_dir

    def reset_fast_mode(self, fast_mode: bool) -> None:
        """Set `fast_mode`."""
        self._fast_mode = fast_mode

    def reset_time(self) -> None:
        """Set `used_time` to 0."""
        self._used_time: float = 0

    # Architectures

    def arch(self, index: int) -> str:
        """Text form of an architecture.

        Raises
        ------
        ValueError
            If there is no such index.
        """
        if self.verbose:
            print(f"Call the arch function with index={index}")
        if index < 0 or index >= len(self.meta_archs):
            msg = f"invalid index : {index} vs. {len(self.meta_archs)}."
            raise ValueError(msg)
        return self.meta_archs[index]

    def random(self) -> int:
        """Draw an index, from the global generator as upstream does."""
        return random.randint(0, len(self.meta_archs) - 1)  # noqa: S311 - upstream's draw

    def query_index_by_arch(self, arch: Any) -> int:
        """Index of an architecture given as index, text form or object with ``tostr``; -1 if it is not in the space.

        Raises
        ------
        ValueError
            If an index is out of range.
        """
        if self.verbose:
            self._say(f"Call query_index_by_arch with arch={arch}")
        if isinstance(arch, str):
            return self.archstr2index.get(arch, -1)
        if hasattr(arch, "tostr"):
            return self.archstr2index.get(arch.tostr(), -1)
        try:
            index = as_integer(arch)
        except TypeError:
            return -1
        if 0 <= index < len(self):
            return index
        msg = f"Invalid architecture index {index} vs [0, {len(self)}]."
        raise ValueError(msg)

    # Results

    def _prepare_info(self, index: int) -> None:
        """Make an architecture count as asked for."""
        if index in self.arch2infos_dict:
            if self.verbose:
                self._say(f"Call _prepare_info with index={index} skip because it is in arch2infos_dict")
        elif not self.fast_mode:
            if self.verbose:
                self._say(f"Call _prepare_info with index={index} skip because it is notthe fast mode.")
        elif self.archive_dir is None:
            msg = f"Invalid status: fast_mode={self.fast_mode} and archive_dir={self.archive_dir}"
            raise ValueError(msg)
        else:
            self._ask_for(index)

    def reload(self, archive_root: str | None = None, index: int | None = None) -> None:
        """Read one architecture or all again, forgetting what was replaced in its results.

        Upstream reads the weights of its ``-full`` archives here. A store has none: the root is ignored, with a warning.

        Raises
        ------
        ValueError
            If there is no such architecture.
        """
        if archive_root is not None:
            msg = (
                f"a store holds measurements, not weights: {archive_root!r} is not read, results are those of the store"
            )
            warnings.warn(msg, stacklevel=2)
        for each in range(len(self)) if index is None else [index]:
            self._ask_for(each)

    def _ask_for(self, index: int) -> None:
        if self.verbose:
            self._say(f"Call clear_params with archive_root={self.archive_dir} and index={index}")
        if not 0 <= index < len(self.meta_archs):
            msg = f"invalid index of {index}"
            raise ValueError(msg)
        if index not in self._archive.infos:
            msg = f"invalid data path : architecture {index} has no runs in {self.filename!r}"
            raise AssertionError(msg)
        self._asked[index] = self._archive.infos[index]
        self._avaliable_hps.update(self._asked[index])
        self.evaluated_indexes.add(index)

    def clear_params(self, index: int, hp: object = None) -> None:
        """Note that an architecture's weights are gone, under one schedule or all; a store has none to begin with.

        Raises
        ------
        ValueError
            If it has no such schedule.
        """
        if self.verbose:
            self._say(f"Call clear_params with index={index} and hp={hp}")
        if index not in self.arch2infos_dict:
            msg = f"The {index}-th architecture is not in the benchmark data yet, no need to clear params."
            warnings.warn(msg, stacklevel=2)
        elif hp is None:
            for results in self.arch2infos_dict[index].values():
                results.clear_params()
        else:
            self._results(index, hp).clear_params()

    def _results(self, index: int, hp: object) -> ArchResults:
        by_schedule, hp = self.arch2infos_dict[index], spelled(hp)
        if hp not in by_schedule:
            msg = f"The {index}-th architecture only has hyper-parameters of {list(by_schedule)} instead of {hp}."
            raise ValueError(msg)
        return by_schedule[hp]

    @staticmethod
    def _say(text: str) -> None:
        """Print a message with the time of day, as upstream does."""
        print(f"{time_string()} {text}")
