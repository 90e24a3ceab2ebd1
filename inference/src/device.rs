//! Where models compute: on the processor, or on CUDA devices whose library is opened at run time.

mod cuda_library;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// One device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A CUDA device, by the number that CUDA gives it.
    Cuda(usize),
}

impl Device {
    pub(crate) fn tch(self) -> tch::Device {
        match self {
            Self::Cpu => tch::Device::Cpu,
            Self::Cuda(index) => tch::Device::Cuda(index),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => formatter.write_str("cpu"),
            Self::Cuda(index) => write!(formatter, "cuda:{index}"),
        }
    }
}

/// Which devices are wanted: `auto`, `cpu`, `cuda`, or a list such as `cuda:0,cuda:2`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Devices {
    /// All CUDA devices; the processor where there is none.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// All CUDA devices; nothing else will do.
    Cuda,
    /// These CUDA devices, each once; nothing else will do.
    Listed(Vec<usize>),
}

/// More devices in one machine than anybody has: what lies above is a slip of the pen.
const DEVICES_MAX: usize = 64;

impl FromStr for Devices {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => return Ok(Self::Auto),
            "cpu" => return Ok(Self::Cpu),
            "cuda" => return Ok(Self::Cuda),
            _ => {}
        }
        let mut listed = Vec::new();
        for part in text.split(',') {
            let number = part.trim().strip_prefix("cuda:");
            let index = number
                .and_then(|number| number.parse::<usize>().ok())
                .filter(|index| *index < DEVICES_MAX && !listed.contains(index))
                .ok_or_else(|| {
                    "auto, cpu, cuda, or CUDA devices such as cuda:0,cuda:1, each once".to_owned()
                })?;
            listed.push(index);
        }
        Ok(Self::Listed(listed))
    }
}

/// The devices that are used, and why no CUDA device is among them where that was possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicesFound {
    /// At least one.
    pub devices: Vec<Device>,
    /// What CUDA lacks, if it was looked for and not found.
    pub why_not_cuda: Option<String>,
}

impl DevicesFound {
    /// Looks for the devices that are wanted. The first call in a process that does not want only the processor opens
    /// libtorch's CUDA library: `library`, which may be the file or its folder, or the one that lies beside libtorch itself. **It must come
    /// before anything else that computes**: libtorch looks once whether it has CUDA.
    ///
    /// # Errors
    /// Why devices that were asked for by name cannot be had.
    pub fn look(wanted: &Devices, library: Option<&Path>) -> Result<Self, String> {
        let cuda = match wanted {
            Devices::Cpu => Err(String::new()),
            Devices::Auto if library.is_none() && !cuda_library::is_driver_there() => {
                Err("this machine has no NVIDIA driver".to_owned())
            }
            Devices::Auto | Devices::Cuda | Devices::Listed(_) => cuda_library::open(library)
                .and_then(|opened| match usize::try_from(tch::Cuda::device_count()) {
                    Ok(0) | Err(_) => Err(format!(
                        "{} was opened and finds no device: is there one, and its driver?",
                        opened.display()
                    )),
                    Ok(count) => Ok(count),
                }),
        };
        Self::choose(wanted, cuda)
    }

    /// Chooses among so many CUDA devices, or knows why there are none.
    fn choose(wanted: &Devices, cuda: Result<usize, String>) -> Result<Self, String> {
        let used = |indices: &mut dyn Iterator<Item = usize>| Self {
            devices: indices.map(Device::Cuda).collect(),
            why_not_cuda: None,
        };
        match (wanted, cuda) {
            (Devices::Cpu, _) => Ok(Self {
                devices: vec![Device::Cpu],
                why_not_cuda: None,
            }),
            (Devices::Auto, Err(reason)) => Ok(Self {
                devices: vec![Device::Cpu],
                why_not_cuda: Some(reason),
            }),
            (Devices::Auto | Devices::Cuda, Ok(count)) => Ok(used(&mut (0..count))),
            (Devices::Listed(indices), Ok(count)) => {
                match indices.iter().find(|index| **index >= count) {
                    Some(index) => Err(format!(
                        "there is no device cuda:{index}: CUDA finds {count}, counted from 0"
                    )),
                    None => Ok(used(&mut indices.iter().copied())),
                }
            }
            (Devices::Cuda | Devices::Listed(_), Err(reason)) => Err(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_as_they_are_documented() {
        let cases = [
            ("auto", Devices::Auto),
            ("cpu", Devices::Cpu),
            ("cuda", Devices::Cuda),
            ("cuda:1", Devices::Listed(vec![1])),
            ("cuda:2, cuda:0", Devices::Listed(vec![2, 0])),
        ];
        for (text, devices) in cases {
            assert_eq!(text.parse(), Ok(devices), "{text}");
        }
        let wrong = ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:64", "1"];
        for text in wrong.into_iter().chain(["cuda:1,cuda:1", "cpu,cuda:0"]) {
            assert!(text.parse::<Devices>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_device_is_used_and_what_is_missing_is_said() {
        let none = || Err("no driver".to_owned());
        let found = |devices: &[Device], why: Option<&str>| {
            Ok(DevicesFound {
                devices: devices.to_vec(),
                why_not_cuda: why.map(str::to_owned),
            })
        };
        let (cpu, first, second) = (Device::Cpu, Device::Cuda(0), Device::Cuda(1));
        let missing = "there is no device cuda:2: CUDA finds 2, counted from 0".to_owned();
        let cases = [
            ("auto", none(), found(&[cpu], Some("no driver"))),
            ("auto", Ok(2), found(&[first, second], None)),
            ("cpu", Ok(2), found(&[cpu], None)),
            ("cpu", none(), found(&[cpu], None)),
            ("cuda", Ok(1), found(&[first], None)),
            ("cuda", none(), Err("no driver".to_owned())),
            ("cuda:1", Ok(2), found(&[second], None)),
            ("cuda:1,cuda:0", Ok(2), found(&[second, first], None)),
            ("cuda:2", Ok(2), Err(missing)),
            ("cuda:0", none(), Err("no driver".to_owned())),
        ];
        for (wanted, cuda, expected) in cases {
            let wanted = wanted.parse().unwrap();
            assert_eq!(DevicesFound::choose(&wanted, cuda), expected, "{wanted:?}");
        }
    }

    #[test]
    fn the_processor_is_found_without_looking_for_anything_else() {
        let missing = Path::new("/no/such/library");
        let found = DevicesFound::look(&Devices::Cpu, Some(missing)).unwrap();
        assert_eq!(
            (found.devices, found.why_not_cuda),
            (vec![Device::Cpu], None)
        );
    }
}
