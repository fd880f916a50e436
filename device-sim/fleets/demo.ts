import { twoDigits, type Estate, type Fleet } from '../fleet.ts'

export const theDistrict: Fleet['district'] = {
  id: 'yangquan-kuangqu',
  name: { zh: '阳泉市矿区', en: 'Mining District, Yangquan' },
}

/** One estate of the report: 20 houses of six storeys, three sheds of twelve ports, 60 water meters. */
export function demoFleet(): Fleet {
  return {
    name: 'demo',
    district: theDistrict,
    estates: [hengkang()],
  }
}

function hengkang(): Estate {
  const id = 'hengkang'
  return {
    id,
    name: { zh: '恒康家园', en: 'Hengkang Homes' },
    generated: false,
    floorAreaM2: 50_000,
    topRadiatorM: 18,
    buildings: Array.from({ length: 20 }, (_, index) => ({
      id: `${id}-b${twoDigits(index + 1)}`,
      number: index + 1,
      households: 60,
      distanceM: 60 + 25 * index,
      meteredFlats: ['101', '102'],
      thermometerFlats: index % 4 === 1 ? ['201', '401', '601'] : [],
      entrancePower: 'mains',
    })),
    buildingsPerBranch: 5,
    sheds: [1, 2, 3].map((number) => ({ id: `${id}-shed${number}`, number, ports: 12 })),
  }
}
